/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_TLS_RECORD_H
#define FLOWTAP_TLS_RECORD_H

/* RFC 8446 section 5.1 and RFC 5246 section 6.2.1: type, version, length. */
#define TLS_HEADER_BYTES 5
#define TLS_MAX_RECORD_BYTES (16384 + 2048)
#define TLS_CHANGE_CIPHER_SPEC 20
#define TLS_HANDSHAKE 22
#define TLS_APPLICATION_DATA 23
#define TLS_CLIENT_HELLO 1
#define TLS_SERVER_HELLO 2

/* Ciphertext that is sent to user space for each direction: enough for every hello. */
#define TLS_HANDSHAKE_BYTES 16384

static __always_inline bool is_tls_header(const u8 *head, u64 bytes)
{
	u32 length = head[3] << 8 | head[4];

	return bytes >= TLS_HEADER_BYTES && head[1] == 3 && head[2] <= 4 && length > 0 &&
	       length <= TLS_MAX_RECORD_BYTES && head[0] >= TLS_CHANGE_CIPHER_SPEC &&
	       head[0] <= TLS_APPLICATION_DATA;
}

/* The start of a handshake. The length excludes text; the message type, where it is there, excludes most else. */
static __always_inline bool is_tls_hello(const u8 *head, u64 bytes)
{
	return is_tls_header(head, bytes) && head[0] == TLS_HANDSHAKE &&
	       (bytes == TLS_HEADER_BYTES || head[5] == TLS_CLIENT_HELLO || head[5] == TLS_SERVER_HELLO);
}

#endif
