// SPDX-License-Identifier: Apache-2.0
import type { Http2Shape } from './http2-recording.js';

/** An API client: five fields of its own, two of which change with each request. */
export const API_CALLS: Http2Shape = {
  exchanges: 400,
  concurrency: 10,
  request: (n) => ({
    ':path': `/api/v1/items/${n}?verbose=1&session=${(n * 7919).toString(36)}`,
    ':authority': 'api.example.test',
    'user-agent': `client/2.${n % 10}`,
    accept: '*/*',
    'accept-encoding': 'gzip, deflate',
    'x-trace': String(n),
    'x-request-id': `${((n + 1) * 2_654_435_761) % 4_294_967_296}-4b1c-9f2e-${((n + 7) * 40_503) % 65_536}-7d0a52c4e1b9`,
  }),
  response: (n) => ({
    'content-type': 'application/json',
    server: 'example',
    'x-request-cost': String(n % 50),
  }),
  body: (n) => Buffer.from(`{"id":${n},"name":"item ${n}","price":${(n * 37) % 1000},"tags":["a","b"]}`.padEnd(100)),
};

/** A browser's first request on a connection: nothing is in the table yet. */
export const FIRST_VISIT: Http2Shape = {
  exchanges: 1,
  concurrency: 1,
  request: () => ({
    ':path': '/catalogue/items?page=1&sort=price&filter=in-stock',
    ':authority': 'shop.example.test',
    'sec-ch-ua': '"Chromium";v="126", "Not/A)Brand";v="8"',
    'sec-ch-ua-mobile': '?0',
    'sec-ch-ua-platform': '"Linux"',
    'upgrade-insecure-requests': '1',
    'user-agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    accept: 'application/json, text/plain, */*',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
    referer: 'https://shop.example.test/catalogue/1',
    'accept-encoding': 'gzip, deflate, br',
    'accept-language': 'en-GB,en;q=0.9',
    cookie: 'session=7919; theme=dark',
    'x-trace': '1',
  }),
  response: () => ({}),
  body: () => Buffer.alloc(0),
};
