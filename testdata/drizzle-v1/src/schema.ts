import { bigint, index, integer, pgTable, text, timestamp, varchar } from "drizzle-orm/pg-core";

export const warehouses = pgTable("warehouses", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  code: varchar("code", { length: 8 }).notNull().unique(),
  city: text("city").notNull(),
});

export const shipments = pgTable(
  "shipments",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    warehouseId: integer("warehouse_id").notNull().references(() => warehouses.id),
    trackingNumber: text("tracking_number").notNull(),
    weightGrams: bigint("weight_grams", { mode: "number" }).notNull(),
    shippedAt: timestamp("shipped_at", { withTimezone: true }),
  },
  (table) => [index("shipments_warehouse_id_idx").on(table.warehouseId)],
);
