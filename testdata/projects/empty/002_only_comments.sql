-- Moved to 003.

/* nothing here */
;
