/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_PROCESS_H
#define FLOWTAP_PROCESS_H

static __always_inline void add_process(u32 pid, u32 target, u32 flags)
{
	struct flowtap_process process = { .target = target, .flags = flags };

	if (bpf_map_update_elem(&processes, &pid, &process, BPF_ANY))
		count(FLOWTAP_COUNT_MAP_FULL, 0);
}

/* Children of a target are targets before they run their first instruction. */
static __always_inline void process_fork(struct task_struct *parent, struct task_struct *child)
{
	u32 parent_pid = parent->tgid;
	u32 child_pid = child->tgid;
	struct flowtap_process *process;
	u32 target;

	if (child->pid != child->tgid) /* a thread */
		return;
	if (state.spawn_parent && state.spawn_parent == parent_pid) {
		add_process(child_pid, state.spawn_target, FLOWTAP_PROCESS_STOP_AT_EXEC);
		return;
	}
	process = bpf_map_lookup_elem(&processes, &parent_pid);
	if (process) {
		add_process(child_pid, process->target, process->flags & FLOWTAP_PROCESS_BY_CGROUP);
		return;
	}
	if (!state.cgroup_targets)
		return;
	/* clone3(CLONE_INTO_CGROUP) puts a child into a cgroup without a move. */
	target = task_cgroup_target((u64)child);
	if (target)
		add_process(child_pid, target, FLOWTAP_PROCESS_BY_CGROUP);
}

static __always_inline void send_process_record(u32 action, u32 target, u32 stopped, const char *filename)
{
	struct flowtap_process_record *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (!record) {
		count(FLOWTAP_COUNT_CONTROL_LOST, 0);
		return;
	}
	fill_header(&record->header, FLOWTAP_PROCESS, sizeof(*record), 0, -1);
	record->action = action;
	record->stopped = stopped;
	record->target = target;
	record->_pad = 0;
	record->filename[0] = 0;
	if (filename)
		bpf_probe_read_kernel_str(record->filename, sizeof(record->filename), filename);
	if (action == FLOWTAP_PROCESS_EXEC)
		submit_urgent(record);
	else
		submit_control(record);
}

static __always_inline void process_exec(struct linux_binprm *binary)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct flowtap_process *process = bpf_map_lookup_elem(&processes, &pid);
	u32 stopped = 0;

	if (!process)
		return;
	if (process->flags & FLOWTAP_PROCESS_STOP_AT_EXEC) {
		process->flags &= ~FLOWTAP_PROCESS_STOP_AT_EXEC;
		/* Held before its first instruction, until probes are on the libraries that it will use. */
		stopped = bpf_send_signal(SIGSTOP) == 0;
	}
	send_process_record(FLOWTAP_PROCESS_EXEC, process->target, stopped, BPF_CORE_READ(binary, filename));
}

static __always_inline void process_exit(struct task_struct *task)
{
	u32 pid = task->tgid;

	struct flowtap_process *process = bpf_map_lookup_elem(&processes, &pid);

	if (!process)
		return;
	if (task->signal->live.counter > 0) /* other threads go on */
		return;
	send_process_record(FLOWTAP_PROCESS_EXIT, process->target, 0, NULL);
	bpf_map_delete_elem(&processes, &pid);
}

static __always_inline void process_cgroup(struct task_struct *task)
{
	u32 pid = task->tgid;
	struct flowtap_process *process;
	u32 target;

	if (!state.cgroup_targets)
		return;
	process = bpf_map_lookup_elem(&processes, &pid);
	if (process && !(process->flags & FLOWTAP_PROCESS_BY_CGROUP))
		return;
	target = task_cgroup_target((u64)task);
	if (target)
		add_process(pid, target, FLOWTAP_PROCESS_BY_CGROUP);
	else if (process)
		bpf_map_delete_elem(&processes, &pid);
}

/*
 * A cgroup that was just made and is empty. One with an expected name is a target from here on, so its first process is
 * one before it runs anything.
 */
static __always_inline void cgroup_made(struct cgroup *cgroup)
{
	struct flowtap_cgroup_key key = {};
	struct flowtap_cgroup_name name = {};
	u32 *target;

	if (!state.cgroup_targets)
		return;
	key.hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);
	if (!is_watched(key.hierarchy))
		return;
	bpf_probe_read_kernel_str(name.text, sizeof(name.text), BPF_CORE_READ(cgroup, kn, name));
	target = bpf_map_lookup_elem(&cgroup_names, &name);
	if (!target)
		return;
	key.id = BPF_CORE_READ(cgroup, kn, id);
	if (bpf_map_update_elem(&cgroup_targets, &key, target, BPF_ANY))
		count(FLOWTAP_COUNT_MAP_FULL, 0);
}

static __always_inline void cgroup_gone(struct cgroup *cgroup)
{
	struct flowtap_cgroup_key key = {};

	if (!state.cgroup_targets)
		return;
	key.hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);
	key.id = BPF_CORE_READ(cgroup, kn, id);
	bpf_map_delete_elem(&cgroup_targets, &key);
}

#endif
