-- An edit of a row by hand, said in our words.
CREATE FUNCTION public.edit_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE legacy.units SET unit_ref = NEW.unit_ref, title = NEW.title, content = NEW.body, body_hash = NEW.body_hash,
        parent_id = NEW.parent_id, ordinal = NEW.ordinal WHERE id = OLD.unit_id;
    RETURN NEW;
END $$;
CREATE TRIGGER edit_by_hand INSTEAD OF UPDATE ON cutter.information_unit
    FOR EACH ROW EXECUTE FUNCTION public.edit_by_hand();
