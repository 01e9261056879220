import { CallbackRefused } from '#server/platform/platform-error.ts';

export type XmlValue = string | XmlNode;
/** Children by name; one that occurs once is not in an array: ask `childrenOf`. */
export interface XmlNode {
  [name: string]: XmlValue | XmlValue[];
}

export const messageLengthMax = 256 * 1024;
const depthMax = 32;

const declaration = /^\uFEFF?\s*(?:<\?xml[^<>]*\?>\s*)?/;
const openTag = /<([A-Za-z_][\w.-]*)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/y;
const closeTag = /<\/([A-Za-z_][\w.-]*)\s*>/y;

/**
 * The XML that callbacks are made of: elements, text, CDATA, the five named entities and numeric ones. Whatever else XML
 * can do (a DTD above all) has no place in a callback and is refused, and so is anything not well formed.
 */
export function readXml(source: string): XmlNode {
  if (source.length > messageLengthMax) throw malformed('is too long');
  if (source.includes('\0')) throw malformed('holds a NUL');

  const open: OpenElement[] = [];
  let at = declaration.exec(source)?.[0].length ?? 0;
  for (;;) {
    const next = source.indexOf('<', at);
    if (next === -1) throw malformed('ends too early');
    if (next > at) addText(open.at(-1), decodeEntities(source.slice(at, next)));

    if (source.startsWith('<![CDATA[', next)) {
      const end = source.indexOf(']]>', next + 9);
      const element = open.at(-1);
      if (end === -1 || !element) throw malformed('has a CDATA section out of place');
      element.text += source.slice(next + 9, end);
      at = end + 3;
    } else if (source.startsWith('</', next)) {
      const [tag, name] = match(closeTag, source, next);
      const element = open.pop();
      if (!element || element.name !== name) throw malformed('closes what it did not open');
      at = next + tag.length;
      const parent = open.at(-1);
      if (!parent) return endOf(source, at, element);
      addChild(parent, element.name, valueOf(element));
    } else {
      const [tag, name = '', selfClosing] = match(openTag, source, next);
      at = next + tag.length;
      const parent = open.at(-1);
      const element = { name, text: '', children: null };
      if (!selfClosing) open.push(element);
      else if (parent) addChild(parent, name, '');
      else return endOf(source, at, element);
      if (open.length > depthMax) throw malformed('is nested too deep');
    }
  }
}

/** The text of a child; '' when it is not there, or is no text. */
export function textOf(node: XmlNode, name: string): string {
  const value = node[name];
  return typeof value === 'string' ? value : '';
}

export function childrenOf(node: XmlNode, name: string): XmlValue[] {
  const value = node[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

interface OpenElement {
  name: string;
  text: string;
  children: XmlNode | null;
}

function match(tag: RegExp, source: string, at: number): RegExpExecArray {
  tag.lastIndex = at;
  const found = tag.exec(source);
  if (!found) throw malformed('has something that is no element');
  return found;
}

function addText(element: OpenElement | undefined, text: string): void {
  if (text.trim() === '') return;
  if (!element) throw malformed('has text outside its root');
  element.text += text;
}

function addChild(parent: OpenElement, name: string, value: XmlValue): void {
  // No prototype: a child may have any name, `__proto__` too.
  const children = (parent.children ??= Object.create(null) as XmlNode);
  const before = children[name];
  if (before === undefined) children[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else children[name] = [before, value];
}

function valueOf(element: OpenElement): XmlValue {
  if (!element.children) return element.text;
  if (element.text !== '') throw malformed('mixes text and elements');
  return element.children;
}

function endOf(source: string, at: number, root: OpenElement): XmlNode {
  if (source.slice(at).trim() !== '') throw malformed('goes on after its root');
  const value = valueOf(root);
  if (typeof value === 'string') throw malformed('is empty');
  return value;
}

const named = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w{1,8}));|&/g, (_, decimal, hex, name) => {
    const character = name ? named.get(name) : characterOf(decimal ? Number(decimal) : Number.parseInt(hex, 16));
    if (character === undefined) throw malformed('names an entity it may not');
    return character;
  });
}

function characterOf(code: number): string | undefined {
  const isControl = code < 0x20 && code !== 0x9 && code !== 0xa && code !== 0xd;
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return Number.isNaN(code) || isControl || isSurrogate || code > 0x10ffff ? undefined : String.fromCodePoint(code);
}

function malformed(what: string): CallbackRefused {
  return new CallbackRefused('malformed', `The callback's XML ${what}.`);
}
