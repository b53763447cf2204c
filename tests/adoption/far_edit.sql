-- An edit of a row by hand, said in our words.
CREATE FUNCTION public.edit_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE "OldLaws"."Passage" p SET address = NEW.unit_ref, heading = NEW.title, wording = NEW.body,
        part_of = CASE WHEN NEW.parent_id IS NOT DISTINCT FROM OLD.parent_id THEN p.part_of END, "position" = NEW.ordinal
    FROM cutter.adopted_unit s WHERE s.unit_id = OLD.unit_id AND p.pid = s.their_key;
    UPDATE cutter.adopted_unit s SET body_hash = NEW.body_hash WHERE s.unit_id = OLD.unit_id;
    RETURN NEW;
END $$;
CREATE TRIGGER edit_by_hand INSTEAD OF UPDATE ON cutter.information_unit
    FOR EACH ROW EXECUTE FUNCTION public.edit_by_hand();
