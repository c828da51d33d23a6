-- Lieferanten
CREATE TABLE suppliers (
  id integer PRIMARY KEY,
  name text NOT NULL,
  city text DEFAULT 'Köln'
);
