import { expect, test } from 'vitest';
import industries from '#server/customer/industries.json' with { type: 'json' };
import regions from '#server/customer/regions.json' with { type: 'json' };
import { industryName, industryOf, isIndustry, searchIndustries } from '#server/customer/industry.ts';
import { isRegion, regionName, regionOf, searchRegions } from '#server/customer/region.ts';

test('the industries are the 20 sections and 97 divisions of GB/T 4754-2017, each division once', () => {
  const codes = Object.keys(industries);
  expect(codes.filter((code) => code.length === 1).join('')).toBe('ABCDEFGHIJKLMNOPQRST');
  const divisions = codes.filter((code) => code.length === 3);
  expect(divisions.map((code) => Number(code.slice(1)))).toEqual(Array.from({ length: 97 }, (_, i) => i + 1));
});

test('the regions are every province and prefecture and their counties, and each lies in one that is known', () => {
  const codes = Object.keys(regions);
  expect(codes.filter((code) => code.endsWith('0000'))).toHaveLength(34);
  expect(codes.filter((code) => /^\d{4}00$/.test(code) && !code.endsWith('0000'))).toHaveLength(333);
  expect(codes.length).toBeGreaterThan(3200);
  expect(codes.filter((code) => !isRegion(`${code.slice(0, 2)}0000`))).toEqual([]);
});

test('a region is named with the regions it lies in', () => {
  expect(regionName('330106')).toBe('浙江省杭州市西湖区');
  expect(regionName('310115')).toBe('上海市浦东新区');
  expect(regionName('419001')).toBe('河南省济源市');
  expect(regionName('440300')).toBe('广东省深圳市');
  expect(regionName('000000')).toBeNull();
});

test.each([
  ['330106', '330106'],
  ['杭州', '330100'],
  ['浙江杭州', '330100'],
  ['浙江省 杭州市', '330100'],
  ['上海浦东新区', '310115'],
  ['广西', '450000'],
  ['杭州市西湖区', '330106'],
  ['吉林', '220000'],
  ['鼓楼区', null],
  ['西湖区', null],
  ['火星', null],
])('%s is the region %s', (written, code) => {
  expect(regionOf(written)).toBe(code);
});

test('a search finds the wider regions first', () => {
  expect(searchRegions('')).toHaveLength(34);
  expect(searchRegions('杭州')[0]).toEqual({ code: '330100', name: '浙江省杭州市' });
  expect(searchRegions('3301').map(({ code }) => code)).toContain('330106');
});

test('a group or class is an industry when its division is one', () => {
  expect(['I', 'I65', 'I651', 'I6513', 'C39', 'A01'].filter((code) => isIndustry(code) !== true)).toEqual([]);
  expect(['U', 'I6', 'I01', 'A65', 'I65131', '', 'toString'].filter((code) => isIndustry(code) !== false)).toEqual([]);
  expect(industryName('I6513')).toBe('软件和信息技术服务业');
  expect(industryName('I')).toBe('信息传输、软件和信息技术服务业');
});

test('an industry is found by code or name', () => {
  expect(industryOf('c39')).toBe('C39');
  expect(industryOf('软件和信息技术服务业')).toBe('I65');
  expect(industryOf('房地产业')).toBe('K70');
  expect(industryOf('挖矿')).toBeNull();
  expect(searchIndustries('')).toHaveLength(117);
  expect(searchIndustries('软件').map(({ code }) => code)).toEqual(['I', 'I65']);
  expect(searchIndustries('I6513').map(({ code }) => code)).toEqual(['I', 'I65']);
});
