import { markTags } from './friend-deeds.ts';
import { removeTags } from './console-deeds.ts';
import { alphanumeric } from './alphanumeric.ts';
import { seconds, type Stage, type TagGroup } from './stage.ts';
import { Errcode, friendshipOf, listOf, optionalText, post, records, textOf, type CallTable } from './wecom-call.ts';

const tagsMax = 10_000;
const tagsPerFollowMax = 3000;
const nameMax = 30;

export const tagCalls: CallTable = {
  'externalcontact/get_corp_tag_list': post(({ stage, body }) => {
    const groups = listOf(body, 'group_id');
    const tags = listOf(body, 'tag_id');
    const wanted = stage.world.tagGroups
      .filter((group) => groups.length === 0 || groups.includes(group.id))
      .map((group) => ({
        ...group,
        tags: group.tags.filter((tag) => groups.length > 0 || tags.length === 0 || tags.includes(tag.id)),
      }))
      .filter((group) => group.tags.length > 0);
    return { tag_group: wanted.map(groupDetail) };
  }),
  'externalcontact/add_corp_tag': post(({ stage, body }) => {
    const { tagGroups } = stage.world;
    const tags = records(body['tag'] ?? [], 'tag').map((tag) => ({ name: nameOf(tag, 'name'), order: orderOf(tag) }));
    if (tags.length === 0) throw new Errcode(40063, 'tag is empty');
    const groupId = optionalText(body, 'group_id');
    let group = groupId
      ? tagGroups.find((one) => one.id === groupId)
      : tagGroups.find((one) => one.name === nameOf(body, 'group_name'));
    if (groupId && !group) throw new Errcode(40068, 'invalid group_id');
    if (tagGroups.flatMap((one) => one.tags).length + tags.length > tagsMax) throw new Errcode(40126, 'too many tags');
    const names = new Set(tags.map((tag) => tag.name));
    if (group?.tags.some((tag) => names.has(tag.name))) throw new Errcode(40071, 'tag name exists');
    const createdAt = stage.now();
    if (!group) {
      const id = `et${alphanumeric(30)}`;
      group = { id, name: nameOf(body, 'group_name'), order: orderOf(body), createdAt, byApp: true, tags: [] };
      tagGroups.push(group);
    }
    const added = [...names].map((name) => ({
      id: `et${alphanumeric(30)}`,
      name,
      order: tags.find((tag) => tag.name === name)?.order ?? 0,
      createdAt,
    }));
    group.tags.push(...added);
    stage.changed();
    return { tag_group: groupDetail({ ...group, tags: added }) };
  }),
  'externalcontact/edit_corp_tag': post(({ stage, body }) => {
    const id = textOf(body, 'id', 40068);
    const name = body['name'] === undefined ? undefined : nameOf(body, 'name');
    const { tagGroups } = stage.world;
    const group = tagGroups.find((one) => one.id === id || one.tags.some((tag) => tag.id === id));
    if (!group) throw new Errcode(40068, 'invalid tag id');
    mayChange(group);
    const level: { id: string; name: string; order: number }[] = group.id === id ? tagGroups : group.tags;
    if (name !== undefined && level.some((one) => one.name === name && one.id !== id)) {
      throw new Errcode(40071, 'tag name exists');
    }
    const edited = level.find((one) => one.id === id);
    if (edited && name !== undefined) edited.name = name;
    if (edited && body['order'] !== undefined) edited.order = orderOf(body);
    stage.changed();
    return {};
  }),
  'externalcontact/del_corp_tag': post(({ stage, body }) => {
    const tags = listOf(body, 'tag_id');
    const groups = listOf(body, 'group_id');
    if (tags.length + groups.length === 0) throw new Errcode(40063, 'nothing to delete');
    const known = stage.world.tagGroups.filter(
      (group) => groups.includes(group.id) || group.tags.some((tag) => tags.includes(tag.id)),
    );
    if (known.length === 0) throw new Errcode(40068, 'invalid tag id');
    known.forEach(mayChange);
    removeTags(stage, tags, groups);
    return {};
  }),
  'externalcontact/mark_tag': post(({ stage, body }) => {
    const follow = friendshipOf(stage, body);
    const add = listOf(body, 'add_tag');
    const remove = listOf(body, 'remove_tag');
    if (add.length + remove.length === 0) throw new Errcode(40063, 'nothing to mark');
    const known = new Set(stage.world.tagGroups.flatMap((group) => group.tags.map((tag) => tag.id)));
    if ([...add, ...remove].some((id) => !known.has(id))) throw new Errcode(40068, 'invalid tag id');
    if (new Set([...follow.tagIds, ...add]).size > tagsPerFollowMax) throw new Errcode(40144, 'too many tags');
    markTags(follow, add, remove);
    stage.changed();
    stage.tell({ type: 'contact', member: follow.member, contact: follow.contact });
    return {};
  }),
};

/** D92117: an app changes only the tags it made. */
function mayChange(group: TagGroup): void {
  if (!group.byApp) throw new Errcode(81011, 'no privilege to access/modify the tag');
}

function nameOf(body: Record<string, unknown>, key: string): string {
  const name = textOf(body, key, 40063);
  if ([...name].length > nameMax) throw new Errcode(40072, 'tag name is too long');
  return name;
}

function orderOf(body: Record<string, unknown>): number {
  const order = body['order'] ?? 0;
  if (typeof order !== 'number' || !Number.isInteger(order) || order < 0 || order >= 2 ** 32) {
    throw new Errcode(40058, 'invalid order');
  }
  return order;
}

function groupDetail(group: Pick<TagGroup, 'id' | 'name' | 'order' | 'createdAt' | 'tags'>) {
  const byOrder = [...group.tags].sort((a, b) => b.order - a.order);
  return {
    group_id: group.id,
    group_name: group.name,
    create_time: seconds(group.createdAt),
    order: group.order,
    tag: byOrder.map((tag) => ({
      id: tag.id,
      name: tag.name,
      create_time: seconds(tag.createdAt),
      order: tag.order,
    })),
  };
}

export const tagsIn = (stage: Stage) =>
  stage.world.tagGroups.flatMap((group) =>
    group.tags.map((tag) => ({ key: tag.id, name: tag.name, group: group.name })),
  );
