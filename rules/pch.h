// Precompiled for the rules: what every one of them includes.
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/node.h"
