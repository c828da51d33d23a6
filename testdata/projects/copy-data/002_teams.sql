\set ON_ERROR_STOP on
\set team 'second line'
\echo Adding :team

CREATE TABLE public.teams (
  id integer PRIMARY KEY,
  name text NOT NULL
);

COPY public.teams (id, name) FROM STDIN WITH (FORMAT csv);
1,"on call; don't forget"
2,"ALTER TABLE public.tickets"
\.
INSERT INTO public.teams (id, name) VALUES (3, :'team');
SELECT count(*) > 0 AS has_teams FROM public.teams \gset
\if :has_teams
ALTER TABLE public.agents ADD COLUMN team_id integer; \echo column added
\endif
ALTER TABLE public.agents ADD CONSTRAINT agents_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.teams (id);
