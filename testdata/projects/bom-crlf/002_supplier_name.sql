/* Größere Liste:
   Suche nach Name. */ CREATE INDEX suppliers_name_idx
  ON suppliers (name);

ALTER TABLE suppliers
  ALTER COLUMN city SET NOT NULL;