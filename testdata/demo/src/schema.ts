import { index, integer, pgTable, text, timestamp, varchar } from "drizzle-orm/pg-core";

export const regions = pgTable("regions", {
  id: varchar("id", { length: 16 }).primaryKey(),
  displayName: text("display_name").notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
});

export const tenantAccounts = pgTable(
  "tenant_accounts",
  {
    id: varchar("id", { length: 26 }).primaryKey(),
    companyName: text("company_name").notNull(),
    primaryContact: text("primary_contact").notNull().unique(),
    plan: text("plan"),
    seats: integer("seats").notNull().default(5),
    regionId: varchar("region_id", { length: 16 }).references(() => regions.id),
    trialEndsAt: timestamp("trial_ends_at", { withTimezone: true }),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index("tenant_accounts_region_id_idx").on(table.regionId)],
);
