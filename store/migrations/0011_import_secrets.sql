-- The hashed password that a row of a file has, sealed; only until the row was carried out.
ALTER TABLE import_rows ADD COLUMN secret {blob};
