/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_OPENSSL_COPY_H
#define FLOWTAP_OPENSSL_COPY_H

/*
 * OpenSSL linked into a program: a probe on the calls of memcpy by which ssl3_read_bytes gives away what it has decrypted.
 * User space has found out where the function's arguments are there. Nothing is seen of reads that find nothing.
 */

/* A register that calls preserve, by its number in instructions. */
static __always_inline u64 preserved_register(struct pt_regs *ctx, u32 number)
{
#if defined(__TARGET_ARCH_x86)
	u64 bx = ctx->bx, bp = ctx->bp, r12 = ctx->r12, r13 = ctx->r13, r14 = ctx->r14, r15 = ctx->r15;

	/* Or the compiler would load one of them by a computed offset, which the verifier does not allow. */
	barrier_var(bx);
	barrier_var(bp);
	barrier_var(r12);
	barrier_var(r13);
	barrier_var(r14);
	barrier_var(r15);
	switch (number) {
	case 3:
		return bx;
	case 5:
		return bp;
	case 12:
		return r12;
	case 13:
		return r13;
	case 14:
		return r14;
	case 15:
		return r15;
	}
#endif
	return 0;
}

/* bytes: 1, 4 or 8. */
static __always_inline u64 value_at(struct pt_regs *ctx, u32 place, u32 bytes)
{
	u64 value = 0;

	if (place < FLOWTAP_PLACE_REGISTER) {
		bpf_probe_read_user(&value, bytes, (void *)(PT_REGS_SP(ctx) + place * bytes));
		return value;
	}
	value = preserved_register(ctx, place - FLOWTAP_PLACE_REGISTER);
	return bytes == 8 ? value : value & ((1ULL << (bytes * 8)) - 1);
}

static __always_inline int on_tls_copy(struct pt_regs *ctx, u64 cookie)
{
	struct tls_frame frame = {
		.direction = FLOWTAP_INGRESS,
		.ready_ns = ready_since(cookie),
	};
	u64 length = PT_REGS_PARM3(ctx);
	struct tls_session *session;

	if (!frame.ready_ns || !is_target())
		return 0;
	frame.ssl = value_at(ctx, FLOWTAP_COPY_SSL(cookie), 8);
	frame.buffer = PT_REGS_PARM2(ctx);
	session = frame.ssl ? session_of(frame.ssl) : NULL;
	if (!session)
		return 0;
	/* Handshakes, too: a client writes before it reads anything else. */
	if (!connection_of_session(session))
		bind_to_last_read(session, frame.ssl);
	if (length && value_at(ctx, FLOWTAP_COPY_TYPE(cookie), 1) == TLS_APPLICATION_DATA &&
	    !value_at(ctx, FLOWTAP_COPY_PEEK(cookie), 4))
		send_plaintext(session, &frame, length);
	return 0;
}

#endif
