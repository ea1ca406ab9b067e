import { expect, test } from '@jest/globals';
import { classifyAddress } from '../../../src/crl/fetch/address-class.js';
import { parseIpAddress } from '../../../src/ip-address.js';

function classOf(text: string): string {
  const octets = parseIpAddress(text);
  if (octets === undefined) throw new Error(`${text} is no address`);
  const { name, embedded } = classifyAddress(octets);
  return embedded === undefined ? name : `${name}: ${embedded}`;
}

test.each([
  // The first and the last of each range, and its neighbours.
  ['0.0.0.0', 'unspecified'],
  ['0.255.255.255', 'unspecified'],
  ['1.0.0.0', 'public'],
  ['9.255.255.255', 'public'],
  ['10.0.0.0', 'private'],
  ['10.255.255.255', 'private'],
  ['11.0.0.0', 'public'],
  ['100.63.255.255', 'public'],
  ['100.64.0.0', 'shared'],
  ['100.100.100.200', 'metadata'],
  ['100.127.255.255', 'shared'],
  ['100.128.0.0', 'public'],
  ['126.255.255.255', 'public'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['128.0.0.0', 'public'],
  ['168.63.129.16', 'metadata'],
  ['169.254.0.1', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['169.255.0.0', 'public'],
  ['172.15.255.255', 'public'],
  ['172.16.0.0', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.0', 'public'],
  ['192.0.0.192', 'metadata'],
  ['192.0.0.1', 'reserved'],
  ['192.0.1.0', 'public'],
  ['192.0.2.1', 'documentation'],
  ['192.88.99.1', 'reserved'],
  ['192.167.255.255', 'public'],
  ['192.168.0.1', 'private'],
  ['192.169.0.0', 'public'],
  ['198.17.255.255', 'public'],
  ['198.18.0.0', 'benchmarking'],
  ['198.19.255.255', 'benchmarking'],
  ['198.20.0.0', 'public'],
  ['198.51.100.7', 'documentation'],
  ['203.0.113.7', 'documentation'],
  ['223.255.255.255', 'public'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
])('%s is %s', (address, expected) => {
  expect(classOf(address)).toBe(expected);
});

test.each([
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['fc00::1', 'private'],
  ['fdff:ffff::1', 'private'],
  ['fd00:ec2::254', 'metadata'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'private'],
  ['ff02::1', 'multicast'],
  ['100::1', 'reserved'],
  ['2001:2::1', 'benchmarking'],
  ['2001:10::1', 'reserved'],
  ['2001:db8::1', 'documentation'],
  ['3fff::1', 'documentation'],
  ['4000::1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['64:ff9b:1::808:808', 'local NAT64'],
  ['2606:4700::1111', 'public'],
  ['2001:4860:4860::8888', 'public'],
])('%s is %s', (address, expected) => {
  expect(classOf(address)).toBe(expected);
});

test.each([
  ['::ffff:127.0.0.1', 'loopback: 127.0.0.1'],
  ['::ffff:10.1.2.3', 'private: 10.1.2.3'],
  ['::ffff:8.8.8.8', 'public'],
  ['::127.0.0.1', 'loopback: 127.0.0.1'],
  ['::ffff:0:192.168.1.1', 'private: 192.168.1.1'],
  ['64:ff9b::127.0.0.1', 'loopback: 127.0.0.1'],
  ['64:ff9b::a9fe:a9fe', 'metadata: 169.254.169.254'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['2002:7f00:1::', 'loopback: 127.0.0.1'],
  ['2002:a00:1::1', 'private: 10.0.0.1'],
  ['2002:808:808::1', 'public'],
  // Teredo: the server in clear, the client with its bits inverted.
  ['2001:0:7f00:1:0:0:f7f7:f7f7', 'loopback: 127.0.0.1'],
  ['2001:0:808:808:0:0:80ff:fffe', 'loopback: 127.0.0.1'],
  ['2001:0:808:808:0:0:f7f7:f7f7', 'public'],
])('%s leads to IPv4, and is %s', (address, expected) => {
  expect(classOf(address)).toBe(expected);
});
