-- What a reason rests on instead of a sentence in one language.
CREATE FUNCTION pg_temp.reasons_by_name(told jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(jsonb_build_object(
    'rule', CASE WHEN reason->>'rule' = 'corp_name' AND reason->>'text' LIKE '%相近' THEN 'corp_name_alike' ELSE reason->>'rule' END,
    'name', CASE reason->>'rule'
      WHEN 'by_hand' THEN substring(reason->>'text' FROM '^由(.*)手动绑定$')
      WHEN 'same_follower' THEN substring(reason->>'text' FROM '^客户负责人(.*)也添加了这位联系人$')
      ELSE substring(reason->>'text' FROM '「(.*)」')
    END,
    'points', reason->'points'
  ) ORDER BY place), '[]')
  FROM jsonb_array_elements(told) WITH ORDINALITY AS each(reason, place)
$$;

UPDATE "Binding" SET reasons = pg_temp.reasons_by_name(reasons);
UPDATE "BindingChange" SET reasons = pg_temp.reasons_by_name(reasons);
