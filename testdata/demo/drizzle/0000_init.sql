CREATE TABLE "regions" (
	"id" varchar(16) PRIMARY KEY NOT NULL,
	"display_name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tenant_accounts" (
	"id" varchar(26) PRIMARY KEY NOT NULL,
	"company_name" text NOT NULL,
	"legacy_email" text,
	"plan" text,
	"seats" integer DEFAULT 5 NOT NULL,
	"region_id" varchar(16),
	"trial_ends_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tenant_accounts_legacy_email_unique" UNIQUE("legacy_email")
);
