-- min_code_version: 1
CREATE TABLE feedback (
    id             bigserial   PRIMARY KEY,
    edit_uuid      uuid        NOT NULL UNIQUE,
    rating         smallint    NOT NULL CHECK (rating IN (0, 1)),
    feedback_text  text        CHECK (char_length(feedback_text) <= 1000),
    client_network text,
    kind           text,
    provider       text,
    model          text,
    style          text,
    created_at     timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN feedback.rating IS '1 is a thumb up, 0 a thumb down';
COMMENT ON COLUMN feedback.client_network IS 'the network a rating came from, never an address';

CREATE INDEX feedback_created_at ON feedback (created_at);
