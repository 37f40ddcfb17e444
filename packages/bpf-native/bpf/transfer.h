/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_TRANSFER_H
#define FLOWTAP_TRANSFER_H

/* A call has at most 1024 iovecs (UIO_MAXIOV), each of which is a piece or more. */
#define MAX_ROUNDS 128
#define PIECES_A_ROUND 8
#define MAX_PIECE_BYTES 65536

/* Bytes that one call moved, and how far they have been handed to the ring. */
struct transfer {
	struct flowtap_data_record record; /* of the next piece */
	u64 segment; /* user address of the next byte */
	u64 segment_left;
	u64 vector; /* user address of the next iovec */
	u64 vector_left; /* iovecs */
	u64 left; /* transferred bytes that no record tells of yet */
	u64 capture_left; /* of these, so many may be copied */
};

static __always_inline void load_segment(struct transfer *t)
{
	struct iovec vector;

	if (t->segment_left || !t->vector_left)
		return;
	t->vector_left -= 1;
	if (bpf_probe_read_user(&vector, sizeof(vector), (void *)t->vector)) {
		t->vector_left = 0;
		return;
	}
	t->vector += sizeof(vector);
	t->segment = vector.iov_base;
	t->segment_left = vector.iov_len;
}

/*
 * The verifier wants a constant size for each reservation, so sizes come in classes, at most half again as large as
 * needed; the consumer takes the used part only.
 */
#define RESERVE_CLASS(bytes) \
	else if (captured <= (bytes)) \
		record = bpf_ringbuf_reserve(&events, sizeof(struct flowtap_data_record) + (bytes), 0)

/* One record: the next `length` bytes of the transfer, of which the first `captured` are copied. */
__noinline int send_piece(struct transfer *t, u32 length, u32 captured)
{
	struct flowtap_data_record *record = NULL;

	if (!t || captured > MAX_PIECE_BYTES)
		return 0;
	if (!has_room_for_data(sizeof(*record) + captured))
		record = NULL;
	else if (captured == 0)
		record = bpf_ringbuf_reserve(&events, sizeof(struct flowtap_data_record), 0);
	RESERVE_CLASS(128);
	RESERVE_CLASS(256);
	RESERVE_CLASS(384);
	RESERVE_CLASS(512);
	RESERVE_CLASS(768);
	RESERVE_CLASS(1024);
	RESERVE_CLASS(1536);
	RESERVE_CLASS(2048);
	RESERVE_CLASS(3072);
	RESERVE_CLASS(4096);
	RESERVE_CLASS(6144);
	RESERVE_CLASS(8192);
	RESERVE_CLASS(12288);
	RESERVE_CLASS(16384);
	RESERVE_CLASS(24576);
	RESERVE_CLASS(32768);
	RESERVE_CLASS(49152);
	RESERVE_CLASS(65536);

	if (!record) {
		count(FLOWTAP_COUNT_RING_FULL, length);
		goto advance;
	}
	*record = t->record;
	record->length = length;
	record->captured = captured;
	if (captured && bpf_probe_read_user(record + 1, captured, (void *)t->segment)) {
		count(FLOWTAP_COUNT_COPY_FAILED, captured);
		record->gap = FLOWTAP_GAP_COPY_FAILED;
		record->captured = 0;
	}
	record->header.size = sizeof(*record) + record->captured;
	count(FLOWTAP_COUNT_DATA_SENT, record->captured);
	bpf_ringbuf_submit(record, wakeup_flags());
advance:
	t->record.offset += length;
	t->segment += captured;
	t->segment_left -= captured;
	t->left -= length;
	t->capture_left -= captured;
	return 0;
}

/* The next pieces; false: that was all. The verifier goes through it once, and not once for each round. */
__noinline int send_pieces(struct transfer *t)
{
	if (!t)
		return false;
	for (int i = 0; i < PIECES_A_ROUND; i++) {
		u64 piece;

		if (!t->left || !t->capture_left)
			return false;
		load_segment(t);
		piece = t->segment_left;
		if (piece == 0) {
			if (!t->vector_left)
				return false;
			continue;
		}
		if (piece > t->left)
			piece = t->left;
		if (piece > t->capture_left)
			piece = t->capture_left;
		if (piece > MAX_PIECE_BYTES)
			piece = MAX_PIECE_BYTES;
		send_piece(t, piece, piece);
	}
	return true;
}

/* Hands out the whole transfer: pieces that are copied, then one record for what is not. */
__noinline int send_transfer(struct transfer *t)
{
	if (!t)
		return 0;
	for (int i = 0; i < MAX_ROUNDS; i++) {
		if (!send_pieces(t))
			break;
	}
	if (t->left) {
		u64 rest = t->left;

		if (t->record.gap == FLOWTAP_GAP_NONE) {
			count(FLOWTAP_COUNT_CALL_LIMIT, rest);
			t->record.gap = FLOWTAP_GAP_CALL_LIMIT;
		}
		send_piece(t, rest > 0xffffffff ? 0xffffffff : rest, 0);
	}
	return 0;
}

/* Members of the record that all pieces share. */
static __always_inline void begin_transfer(struct transfer *t, u64 connection_id, u8 direction, u8 layer, u64 bytes,
					   s32 fd)
{
	fill_header(&t->record.header, FLOWTAP_DATA, 0, connection_id, fd);
	t->record.direction = direction;
	t->record.layer = layer;
	t->left = bytes;
	t->capture_left = bytes < config.max_call_bytes ? bytes : config.max_call_bytes;
}

/* And those that say what the connection is. */
static __always_inline void describe_transfer(struct transfer *t, const struct connection *connection)
{
	fill_connection_header(&t->record.header, connection);
	t->record.addresses = connection->addresses;
}

#endif
