-- How far a role reaches is stored: nothing granted is nothing, and a grant that goes lets nobody do more.

ALTER TABLE person ADD COLUMN scope TEXT NOT NULL DEFAULT 'granted' CHECK (scope IN ('everything', 'granted'));
ALTER TABLE api_token ADD COLUMN scope TEXT NOT NULL DEFAULT 'granted' CHECK (scope IN ('everything', 'granted'));

-- Until now whoever had no grants, of their own or of a group, was not narrowed.
UPDATE person SET scope = 'everything'
WHERE NOT EXISTS (
    SELECT 1 FROM access_grant g
    WHERE (g.subject_kind = 'person' AND g.subject_id = person.id)
        OR (g.subject_kind = 'group' AND g.subject_id IN (SELECT group_name FROM person_group WHERE person_id = person.id))
);
UPDATE api_token SET scope = 'everything'
WHERE NOT EXISTS (SELECT 1 FROM access_grant g WHERE g.subject_kind = 'token' AND g.subject_id = api_token.id);
