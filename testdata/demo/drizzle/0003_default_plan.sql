-- Custom SQL migration file, put your code below! --
UPDATE "tenant_accounts" SET "plan" = 'free' WHERE "plan" IS NULL;
