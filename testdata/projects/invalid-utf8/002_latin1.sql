-- exported from the old system
INSERT INTO cities (id, name) VALUES (1, 'Orléans');
