import fc from 'fast-check';
import { expect, test } from 'vitest';
import { childrenOf, readXml, textOf, type XmlNode } from '#bot/wecom/wecom-xml.ts';
import { CallbackRefused } from '#server/platform/platform-error.ts';

test('text is read alike from CDATA, from entities and bare', () => {
  const node = readXml(`<?xml version="1.0" encoding="UTF-8"?>
    <xml>
      <Cdata><![CDATA[ 5 < 6 & "so" ]]></Cdata>
      <Split>
        <![CDATA[a]]><![CDATA[b]]>
      </Split>
      <Entities>&lt;&amp;&gt;&quot;&apos;&#20013;&#x6587;</Entities>
      <Number kind="int">1409659813</Number>
      <Empty/><AlsoEmpty></AlsoEmpty>
    </xml>`);
  expect({ ...node }).toEqual({
    Cdata: ' 5 < 6 & "so" ',
    Split: 'ab',
    Entities: '<&>"\'中文',
    Number: '1409659813',
    Empty: '',
    AlsoEmpty: '',
  });
});

test('a child that comes once, or several times, is asked for in the same way', () => {
  const node = readXml('<xml><One><Item>1</Item></One><Two><Item>1</Item><Item>2</Item></Two></xml>');
  expect(childrenOf(node['One'] as XmlNode, 'Item')).toEqual(['1']);
  expect(childrenOf(node['Two'] as XmlNode, 'Item')).toEqual(['1', '2']);
  expect(childrenOf(node, 'None')).toEqual([]);
  expect(textOf(node, 'One')).toBe('');
});

test('a child may be named like something every object has', () => {
  const node = readXml('<xml><__proto__><polluted>1</polluted></__proto__><constructor>2</constructor></xml>');
  expect(Object.keys(node)).toEqual(['__proto__', 'constructor']);
  expect(textOf(node, 'toString')).toBe('');
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

const bomb = `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]><xml><A>&lol2;</A></xml>`;

test.each([
  ['a DTD', bomb],
  ['an external entity', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><A>&e;</A></xml>'],
  ['an entity of its own', '<xml><A>&lol;</A></xml>'],
  ['a bare ampersand', '<xml><A>a & b</A></xml>'],
  ['a NUL', '<xml><A>&#0;</A></xml>'],
  ['a bare NUL', '<xml><A>\0</A></xml>'],
  ['half a surrogate pair', '<xml><A>&#xD800;</A></xml>'],
  ['a number no character has', '<xml><A>&#x110000;</A></xml>'],
  ['a processing instruction inside', '<xml><?php evil ?></xml>'],
  ['a comment', '<xml><!-- hello --><A>1</A></xml>'],
  ['33 levels', `${'<a>'.repeat(33)}1${'</a>'.repeat(33)}`],
  ['100,000 levels', '<a>'.repeat(80_000)],
  ['256 KiB', `<xml><A>${'a'.repeat(256 * 1024)}</A></xml>`],
  ['no end', '<xml><A>1</A>'],
  ['crossed tags', '<xml><A><B>1</A></B></xml>'],
  ['two roots', '<xml><A>1</A></xml><xml><A>2</A></xml>'],
  ['text after the root', '<xml><A>1</A></xml>tail'],
  ['text before the root', 'head<xml><A>1</A></xml>'],
  ['text between elements', '<xml>text<A>1</A></xml>'],
  ['an open CDATA section', '<xml><A><![CDATA[1</A></xml>'],
  ['CDATA outside the root', '<![CDATA[1]]>'],
  ['a duplicate close', '</xml>'],
  ['nothing', ''],
  ['a root without children', '<xml></xml>'],
  ['a root that closes itself', '<xml/>'],
  ['an unquoted attribute', '<xml a=1><A>1</A></xml>'],
  ['a space before the name', '< xml><A>1</A></ xml>'],
])('XML with %s is refused', (_, xml) => {
  expect(() => readXml(xml)).toThrow(CallbackRefused);
});

test('32 levels are read', () => {
  expect(() => readXml(`${'<a>'.repeat(32)}1${'</a>'.repeat(32)}`)).not.toThrow();
});

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes(']]>') && !/\0/.test(text));
const tree = fc.letrec<{ node: Record<string, unknown> }>((tie) => ({
  node: fc.dictionary(name, fc.oneof({ maxDepth: 4 }, text, tie('node')), {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  }),
})).node;

test('whatever was written as XML is read back as it was', () => {
  fc.assert(
    fc.property(tree, (node) => {
      expect(JSON.stringify(readXml(`<xml>${written(node)}</xml>`))).toBe(JSON.stringify(node));
    }),
    { numRuns: 1_000 },
  );
});

function written(node: Record<string, unknown>): string {
  return Object.entries(node)
    .map(([name, value]) => {
      const inside = typeof value === 'string' ? `<![CDATA[${value}]]>` : written(value as Record<string, unknown>);
      return `<${name}>${inside}</${name}>`;
    })
    .join('\n');
}
