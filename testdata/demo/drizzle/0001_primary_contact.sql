ALTER TABLE "tenant_accounts" RENAME COLUMN "legacy_email" TO "primary_contact";--> statement-breakpoint
ALTER TABLE "tenant_accounts" DROP CONSTRAINT "tenant_accounts_legacy_email_unique";--> statement-breakpoint
ALTER TABLE "tenant_accounts" ADD CONSTRAINT "tenant_accounts_primary_contact_unique" UNIQUE("primary_contact");