-- What did not end well is rare and often looked for.
CREATE INDEX audit_event_not_done ON audit_event (outcome, distribution_id, sequence) WHERE outcome <> 'done';

-- Events are found by a word and the number behind it as one word too: the index is made anew.
DELETE FROM audit_words;
DELETE FROM audit_item;
UPDATE audit_index SET sequence = 0;
