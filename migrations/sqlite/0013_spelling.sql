-- Items made outside Unstale are found whichever way they were spelt: the index is gone through anew.
UPDATE audit_index SET sequence = 0;
