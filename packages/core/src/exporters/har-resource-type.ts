// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow } from '../flow/flow.js';
import { headerValue } from '../http/http-flow.js';
import type { HttpRequest, HttpResponse } from '../http/http-message.js';

/** What a browser says it asks for (W3C Fetch Metadata §2.1), in the words of Chrome's developer tools. */
const BY_DESTINATION: ReadonlyMap<string, string> = new Map([
  ['document', 'document'],
  ['iframe', 'document'],
  ['frame', 'document'],
  ['empty', 'fetch'],
  ['font', 'font'],
  ['image', 'image'],
  ['audio', 'media'],
  ['video', 'media'],
  ['track', 'texttrack'],
  ['manifest', 'manifest'],
  ['script', 'script'],
  ['worker', 'script'],
  ['sharedworker', 'script'],
  ['serviceworker', 'script'],
  ['style', 'stylesheet'],
]);

const BY_MEDIA_TYPE: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/^text\/event-stream\b/, 'eventsource'],
  [/^(text\/html|application\/xhtml\+xml)\b/, 'document'],
  [/^text\/css\b/, 'stylesheet'],
  [/^(text|application)\/(x-)?(java|ecma)script\b/, 'script'],
  [/^image\//, 'image'],
  [/^(audio|video)\//, 'media'],
  [/^(font\/|application\/(x-)?font-)/, 'font'],
  [/^application\/manifest\+json\b/, 'manifest'],
  [/^(application|text)\/([^;]*\+)?(json|xml)\b|^application\/(grpc|protobuf|x-protobuf)/, 'fetch'],
];

/** `_resourceType`, by which developer tools sort and filter entries. */
export function harResourceType(
  { messages }: ExchangeFlow,
  request: HttpRequest,
  response: HttpResponse | undefined,
): string {
  if (messages !== undefined) return 'websocket';
  const destination = headerValue(request, 'sec-fetch-dest');
  const mediaType = response && headerValue(response, 'content-type')?.toLowerCase();
  const byMediaType = BY_MEDIA_TYPE.find(([pattern]) => pattern.test(mediaType ?? ''))?.[1];
  if (byMediaType === 'eventsource') return byMediaType;
  return BY_DESTINATION.get(destination ?? '') ?? byMediaType ?? 'other';
}
