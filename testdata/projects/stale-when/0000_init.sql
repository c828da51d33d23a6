CREATE TABLE "invoices" (
	"id" integer PRIMARY KEY NOT NULL,
	"number" text NOT NULL,
	"due_on" date
);
