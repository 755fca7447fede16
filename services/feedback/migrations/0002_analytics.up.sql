-- min_code_version: 1
-- What analytics are answered from: counts that follow the rows, and the way to the last complaints.
CREATE TABLE feedback_counts (
    day     date     NOT NULL,
    rating  smallint NOT NULL,
    model   text     NOT NULL,
    style   text     NOT NULL,
    ratings bigint   NOT NULL,
    PRIMARY KEY (day, rating, model, style)
) WITH (fillfactor = 50);

COMMENT ON TABLE feedback_counts IS 'ratings by the day (UTC) on which they were given; an empty text where there is no model or style';

CREATE VIEW counted_feedback AS
SELECT
    (created_at AT TIME ZONE 'UTC')::date AS day,
    rating,
    left(coalesce(model, ''), 100) AS model,
    left(coalesce(style, ''), 100) AS style,
    count(*) AS ratings
FROM feedback
GROUP BY 1, 2, 3, 4;

COMMENT ON VIEW counted_feedback IS 'what feedback_counts holds, counted anew: slow';

-- Called with 1 for rows as they are now, with -1 for rows as they were.
CREATE FUNCTION count_feedback() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO feedback_counts AS kept
    SELECT
        (created_at AT TIME ZONE 'UTC')::date,
        rating,
        left(coalesce(model, ''), 100),
        left(coalesce(style, ''), 100),
        sum(TG_ARGV[0]::int)
    FROM changed
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (day, rating, model, style) DO UPDATE SET ratings = kept.ratings + excluded.ratings;
    RETURN NULL;
END
$$;

CREATE FUNCTION forget_feedback_counts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    TRUNCATE feedback_counts;
    RETURN NULL;
END
$$;

CREATE TRIGGER count_inserted AFTER INSERT ON feedback REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_feedback(1);
CREATE TRIGGER count_updated AFTER UPDATE ON feedback REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_feedback(1);
CREATE TRIGGER count_former AFTER UPDATE ON feedback REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_feedback('-1');
CREATE TRIGGER count_deleted AFTER DELETE ON feedback REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_feedback('-1');
CREATE TRIGGER count_truncated AFTER TRUNCATE ON feedback
FOR EACH STATEMENT EXECUTE FUNCTION forget_feedback_counts();

CREATE INDEX feedback_complaints ON feedback (created_at)
WHERE rating = 0 AND feedback_text IS NOT NULL;

INSERT INTO feedback_counts SELECT day, rating, model, style, ratings FROM counted_feedback;
