-- Items made outside Unstale are found whichever way they were spelt: the index of items is made anew.
DELETE FROM audit_words;
DELETE FROM audit_item;
UPDATE audit_index SET sequence = 0;
