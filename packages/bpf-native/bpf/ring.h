/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_RING_H
#define FLOWTAP_RING_H

/*
 * A wake-up for each record costs more than everything else together. The consumer drains on a timer while traffic
 * flows; it is woken when it sleeps for lack of traffic, and when the ring fills faster than the timer expects.
 */
static __always_inline u64 wakeup_flags(void)
{
	u32 consumer = *(volatile u32 *)&state.consumer;

	if (consumer == FLOWTAP_CONSUMER_WOKEN)
		return BPF_RB_NO_WAKEUP;
	if (consumer == FLOWTAP_CONSUMER_TIMER &&
	    bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) < config.watermark_bytes)
		return BPF_RB_NO_WAKEUP;
	if (__sync_val_compare_and_swap(&state.consumer, consumer, FLOWTAP_CONSUMER_WOKEN) != consumer)
		return BPF_RB_NO_WAKEUP;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline bool has_room_for_data(u64 bytes)
{
	u64 used = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);

	return used + bytes + config.headroom_bytes <= config.ring_bytes;
}

/* Members that every record has, for the current task. */
static __always_inline void fill_header(struct flowtap_header *header, u16 type, u32 size, u64 connection_id, s32 fd)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();

	header->size = size;
	header->type = type;
	header->version = FLOWTAP_ABI_VERSION;
	header->flags = 0;
	header->timestamp_ns = bpf_ktime_get_ns();
	header->connection_id = connection_id;
	header->pid = pid_tgid >> 32;
	header->tid = (u32)pid_tgid;
	header->fd = fd;
	header->role = FLOWTAP_ROLE_UNKNOWN;
	header->family = FLOWTAP_FAMILY_UNKNOWN;
	header->processor = bpf_get_smp_processor_id();
	bpf_get_current_comm(header->comm, sizeof(header->comm));
}

static __always_inline void submit_control(void *record)
{
	count(FLOWTAP_COUNT_CONTROL_SENT, 0);
	bpf_ringbuf_submit(record, wakeup_flags());
}

/* User space has something to do before the process goes on. */
static __always_inline void submit_urgent(void *record)
{
	count(FLOWTAP_COUNT_CONTROL_SENT, 0);
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

#endif
