ALTER TABLE "shipments" ALTER COLUMN "tracking_number" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "shipments" ALTER COLUMN "weight_grams" SET DATA TYPE bigint USING "weight_grams"::bigint;--> statement-breakpoint
CREATE INDEX "shipments_warehouse_id_idx" ON "shipments" ("warehouse_id");