== a file of expand
-- runner: Checked for new rows from now on; old ones are not read
DO $pglint$
DECLARE
  timeout text := pg_catalog.current_setting('lock_timeout');
BEGIN
  IF NOT (EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass('public.t') AND conname = 'f' AND contype = 'f' AND confrelid = pg_catalog.to_regclass('public.p') AND ARRAY(SELECT attname FROM pg_catalog.unnest(conkey) WITH ORDINALITY AS k(number, place) JOIN pg_catalog.pg_attribute ON attrelid = conrelid AND attnum = k.number ORDER BY k.place) = '{"p_id"}'::pg_catalog.name[])) THEN
    PERFORM pg_catalog.set_config('lock_timeout', '1500ms', true);
    ALTER TABLE public.t ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES public.p NOT VALID;
    PERFORM pg_catalog.set_config('lock_timeout', timeout, true);
  END IF;
END
$pglint$;
== a file of backfill
-- outside: What follows waits for others without making anybody wait
SELECT pg_catalog.set_config('pglint.lock_timeout', pg_catalog.current_setting('lock_timeout'), false), pg_catalog.set_config('pglint.statement_timeout', pg_catalog.current_setting('statement_timeout'), false), pg_catalog.set_config('lock_timeout', '0', false), pg_catalog.set_config('statement_timeout', '0', false);
-- outside: Sets b in batches
DO $pglint$
#variable_conflict use_column
DECLARE
  pglint_last_1 bigint;
  pglint_bound_1 bigint;
  pglint_started boolean := false;
  pglint_written boolean;
BEGIN
  -- Where the plan is over, or the original migration has run, what it reads is gone. A statement of its own: in
  -- one of this block, the name of a column that is gone could be a variable's.
  BEGIN
    EXECUTE 'SELECT "b", 1, 1 FROM public.t WHERE b IS NULL LIMIT 0';
  EXCEPTION WHEN undefined_column THEN
    RETURN;
  END;
  LOOP
    IF pglint_started THEN
      SELECT "id" INTO pglint_bound_1 FROM (SELECT "id" FROM public.t WHERE "id" > pglint_last_1 ORDER BY "id" LIMIT 500) AS batch ORDER BY "id" DESC LIMIT 1;
    ELSE
      SELECT "id" INTO pglint_bound_1 FROM (SELECT "id" FROM public.t ORDER BY "id" LIMIT 500) AS batch ORDER BY "id" DESC LIMIT 1;
    END IF;
    EXIT WHEN NOT FOUND;
    pglint_written := false;
    WHILE NOT pglint_written LOOP
      BEGIN
        PERFORM pg_catalog.set_config('lock_timeout', '500ms', true);
        IF pglint_started THEN
          UPDATE public.t SET "b" = 1 WHERE "id" > pglint_last_1 AND "id" <= pglint_bound_1 AND (b IS NULL);
        ELSE
          UPDATE public.t SET "b" = 1 WHERE "id" <= pglint_bound_1 AND (b IS NULL);
        END IF;
        pglint_written := true;
      EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        pglint_written := false;
      END;
      COMMIT;
      PERFORM pg_catalog.pg_sleep(0.05);
    END LOOP;
    pglint_last_1 := pglint_bound_1;
    pglint_started := true;
  END LOOP;
END
$pglint$;
-- outside: What a build that was cut short has left, if one was
DO $pglint$
DECLARE
  left_over regclass;
BEGIN
  SELECT indexrelid INTO left_over FROM pg_catalog.pg_index
    WHERE indexrelid = pg_catalog.to_regclass('public.i') AND NOT indisvalid;
  IF FOUND THEN
    PERFORM pg_catalog.set_config('lock_timeout', '1500ms', true);
    EXECUTE pg_catalog.format('DROP INDEX %s', left_over);
  END IF;
END
$pglint$;
-- outside: Built while reads and writes go on
CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t (a);
-- outside: Reads every row while reads and writes go on
DO $pglint$
BEGIN
  IF NOT (EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass('public.t') AND conname = 'f' AND contype = 'f' AND convalidated AND confrelid = pg_catalog.to_regclass('public.p') AND ARRAY(SELECT attname FROM pg_catalog.unnest(conkey) WITH ORDINALITY AS k(number, place) JOIN pg_catalog.pg_attribute ON attrelid = conrelid AND attnum = k.number ORDER BY k.place) = '{"p_id"}'::pg_catalog.name[])) THEN
    ALTER TABLE public.t VALIDATE CONSTRAINT f;
  END IF;
END
$pglint$;
-- own: The gate change: what stands behind it waits for the release that it names
CREATE SCHEMA IF NOT EXISTS pglint;
-- own: 
CREATE TABLE IF NOT EXISTS pglint.gate (
  plan text NOT NULL,
  gate text NOT NULL,
  closed_at timestamptz NOT NULL DEFAULT now(),
  closed_by text NOT NULL DEFAULT session_user,
  passed_at timestamptz,
  passed_by text,
  PRIMARY KEY (plan, gate)
);
-- own: 
DO $pglint$
DECLARE
  name text;
  found oid;
  fresh boolean := true;
BEGIN
  FOREACH name IN ARRAY ARRAY['public.t']::text[] LOOP
    found := pg_catalog.to_regclass(name);
    CONTINUE WHEN NOT fresh OR found IS NULL OR EXISTS (
      SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = found AND a.attnum = -1
      AND a.xmin::text = (pg_catalog.txid_current() % 4294967296)::text);
    IF pg_catalog.row_security_active(found) THEN
      fresh := false;
    ELSE
      EXECUTE pg_catalog.format('SELECT NOT EXISTS (SELECT FROM %s)', found::regclass) INTO fresh;
    END IF;
  END LOOP;
  IF NOT fresh THEN
    INSERT INTO pglint.gate (plan, gate) VALUES ('0001_change', 'change') ON CONFLICT DO NOTHING;
  END IF;
END
$pglint$;
-- outside: 
SELECT pg_catalog.set_config('lock_timeout', pg_catalog.current_setting('pglint.lock_timeout'), false), pg_catalog.set_config('statement_timeout', pg_catalog.current_setting('pglint.statement_timeout'), false);
==== behind change
== a file of backfill
-- outside: Only behind the gate change
DO $pglint$
BEGIN
  IF pg_catalog.to_regclass('pglint.gate') IS NOT NULL THEN
    IF EXISTS (SELECT FROM pglint.gate g WHERE g.plan = '0001_change' AND g.gate = 'change' AND g.passed_at IS NULL) THEN
      RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = 'gate change of plan 0001_change is closed', HINT = 'Once the release that it waits for runs everywhere, and no older one does: pglint pass change --plan .pglint/plans/0001_change.yml';
    END IF;
  END IF;
END
$pglint$;
-- outside: What follows waits for others without making anybody wait
SELECT pg_catalog.set_config('pglint.lock_timeout', pg_catalog.current_setting('lock_timeout'), false), pg_catalog.set_config('pglint.statement_timeout', pg_catalog.current_setting('statement_timeout'), false), pg_catalog.set_config('lock_timeout', '0', false), pg_catalog.set_config('statement_timeout', '0', false);
-- outside: Sets b where the release before left it empty meanwhile
DO $pglint$
#variable_conflict use_column
DECLARE
  pglint_last_1 bigint;
  pglint_bound_1 bigint;
  pglint_started boolean := false;
  pglint_written boolean;
BEGIN
  -- Where the plan is over, or the original migration has run, what it reads is gone. A statement of its own: in
  -- one of this block, the name of a column that is gone could be a variable's.
  BEGIN
    EXECUTE 'SELECT "b", 1, 1 FROM public.t WHERE b IS NULL LIMIT 0';
  EXCEPTION WHEN undefined_column THEN
    RETURN;
  END;
  LOOP
    IF pglint_started THEN
      SELECT "id" INTO pglint_bound_1 FROM (SELECT "id" FROM public.t WHERE "id" > pglint_last_1 ORDER BY "id" LIMIT 500) AS batch ORDER BY "id" DESC LIMIT 1;
    ELSE
      SELECT "id" INTO pglint_bound_1 FROM (SELECT "id" FROM public.t ORDER BY "id" LIMIT 500) AS batch ORDER BY "id" DESC LIMIT 1;
    END IF;
    EXIT WHEN NOT FOUND;
    pglint_written := false;
    WHILE NOT pglint_written LOOP
      BEGIN
        PERFORM pg_catalog.set_config('lock_timeout', '500ms', true);
        IF pglint_started THEN
          UPDATE public.t SET "b" = 1 WHERE "id" > pglint_last_1 AND "id" <= pglint_bound_1 AND (b IS NULL);
        ELSE
          UPDATE public.t SET "b" = 1 WHERE "id" <= pglint_bound_1 AND (b IS NULL);
        END IF;
        pglint_written := true;
      EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        pglint_written := false;
      END;
      COMMIT;
      PERFORM pg_catalog.pg_sleep(0.05);
    END LOOP;
    pglint_last_1 := pglint_bound_1;
    pglint_started := true;
  END LOOP;
END
$pglint$;
-- outside: No new row may have NULL in b; old ones are not read
DO $pglint$
BEGIN
  IF (EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass('public.t') AND conname = 't_b_pglint_not_null' AND contype = 'c' AND pg_catalog.pg_get_expr(conbin, conrelid) = '(b IS NOT NULL)')
  OR (EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass('public.t') AND attname = 'b' AND NOT attisdropped AND attnotnull))) THEN
    RETURN;
  END IF;
  FOR attempt IN 1..60 LOOP
    BEGIN
      PERFORM pg_catalog.set_config('lock_timeout', '1500ms', true);
      ALTER TABLE public.t ADD CONSTRAINT t_b_pglint_not_null CHECK (b IS NOT NULL) NOT VALID;
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF attempt = 60 THEN
        RAISE;
      END IF;
    END;
    PERFORM pg_catalog.pg_sleep(0.5 * least(attempt, 10));
  END LOOP;
END
$pglint$;
-- outside: Reads every row while reads and writes go on
DO $pglint$
BEGIN
  IF NOT ((EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass('public.t') AND conname = 't_b_pglint_not_null' AND contype = 'c' AND pg_catalog.pg_get_expr(conbin, conrelid) = '(b IS NOT NULL)' AND convalidated)
  OR (EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass('public.t') AND attname = 'b' AND NOT attisdropped AND attnotnull)))) THEN
    ALTER TABLE public.t VALIDATE CONSTRAINT t_b_pglint_not_null;
  END IF;
END
$pglint$;
-- outside: Proved by the check, which is no longer needed: reads nothing
DO $pglint$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass('public.t') AND attname = 'b' AND NOT attisdropped AND attnotnull)
  AND NOT (EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass('public.t') AND conname = 't_b_pglint_not_null' AND contype = 'c')) THEN
    RETURN;
  END IF;
  FOR attempt IN 1..60 LOOP
    BEGIN
      PERFORM pg_catalog.set_config('lock_timeout', '1500ms', true);
      ALTER TABLE public.t ALTER COLUMN b SET NOT NULL;
      ALTER TABLE public.t DROP CONSTRAINT IF EXISTS t_b_pglint_not_null;
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF attempt = 60 THEN
        RAISE;
      END IF;
    END;
    PERFORM pg_catalog.pg_sleep(0.5 * least(attempt, 10));
  END LOOP;
END
$pglint$;
-- outside: 
SELECT pg_catalog.set_config('lock_timeout', pg_catalog.current_setting('pglint.lock_timeout'), false), pg_catalog.set_config('statement_timeout', pg_catalog.current_setting('pglint.statement_timeout'), false);
