import { DeedRefused, getMember } from './deed-refused.ts';
import type { ActResult, Deed } from './sandbox-api.ts';
import { alphanumeric } from './alphanumeric.ts';
import type { Stage } from './stage.ts';

export function consoleAddsTag(stage: Stage, groupName: string, name: string): string {
  const { tagGroups } = stage.world;
  const createdAt = stage.now();
  let group = tagGroups.find((one) => one.name === groupName);
  if (group?.tags.some((tag) => tag.name === name)) throw new DeedRefused('sandbox.tag_exists', '标签已存在。');
  if (!group) {
    group = { id: `et${alphanumeric(30)}`, name: groupName, order: 0, createdAt, byApp: false, tags: [] };
    tagGroups.push(group);
    pushTag(stage, 'create', group.id, 'tag_group');
  }
  const tag = { id: `et${alphanumeric(30)}`, name, order: 0, createdAt };
  group.tags.push(tag);
  pushTag(stage, 'create', tag.id, 'tag');
  stage.changed();
  return tag.id;
}

export function consoleRemovesTag(stage: Stage, id: string): ActResult {
  const group = stage.world.tagGroups.find((one) => one.tags.some((tag) => tag.id === id));
  if (!group) throw new DeedRefused('sandbox.tag_unknown', '没有这个标签。', 404);
  removeTags(stage, [id], []);
  pushTag(stage, 'delete', id, 'tag');
  if (group.tags.length === 0) pushTag(stage, 'delete', group.id, 'tag_group');
  return {};
}

/** A group goes with its last tag, a tag goes from every customer. */
export function removeTags(stage: Stage, tagIds: readonly string[], groupIds: readonly string[]): void {
  const { world } = stage;
  const gone = new Set([
    ...tagIds,
    ...world.tagGroups.filter((group) => groupIds.includes(group.id)).flatMap((group) => group.tags.map((t) => t.id)),
  ]);
  for (const group of world.tagGroups) group.tags = group.tags.filter((tag) => !gone.has(tag.id));
  world.tagGroups = world.tagGroups.filter((group) => group.tags.length > 0);
  for (const follow of Object.values(world.follows)) {
    if (follow.tagIds.some((tag) => gone.has(tag))) follow.tagIds = follow.tagIds.filter((tag) => !gone.has(tag));
  }
  stage.changed();
}

function pushTag(stage: Stage, change: string, id: string, type: 'tag' | 'tag_group'): void {
  stage.push({ event: 'change_external_tag', fields: { Id: id, TagType: type, ChangeType: change } });
}

export function memberJoins(stage: Stage, deed: Deed<'member_joins'>): string {
  const { world } = stage;
  const department = world.departments.find((one) => String(one.id) === deed.department);
  if (!department) throw new DeedRefused('sandbox.department_unknown', '没有这个部门。', 404);
  const userid = `zh${1001 + Object.keys(world.members).length}`;
  const sells = Object.values(world.members).some(
    (one) => one.mayHaveContacts && one.departments.includes(department.id),
  );
  world.members[userid] = {
    userid,
    name: deed.name,
    position: deed.position,
    departments: [department.id],
    leaderOf: [],
    mobile: '',
    email: '',
    gender: 1,
    active: true,
    mayHaveContacts: sells,
  };
  stage.changed();
  // Addresses configured after 2022-08-15 are told the id and the department only (D90970).
  stage.push({
    event: 'change_contact',
    fields: { ChangeType: 'create_user', UserID: userid, Department: String(department.id) },
  });
  return userid;
}

export function memberLeaves(stage: Stage, userid: string): ActResult {
  const member = getMember(stage, userid);
  member.active = false;
  member.leftAt = stage.now();
  for (const login of stage.world.logins) if (login.member === member.userid) login.used = true;
  stage.changed();
  stage.push({
    event: 'change_contact',
    fields: { ChangeType: 'delete_user', UserID: member.userid },
  });
  return {};
}
