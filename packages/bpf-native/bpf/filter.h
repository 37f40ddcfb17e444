/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_FILTER_H
#define FLOWTAP_FILTER_H

/*
 * Membership is decided when it can change (fork, a move between cgroups, a new target) and kept by process, so that the
 * question asked at every system call is one look-up, whatever the kind of target.
 */
static __always_inline bool is_target(void)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (*(volatile u32 *)&state.is_stopped)
		return false;
	return bpf_map_lookup_elem(&processes, &pid) != NULL;
}

#define MAX_HIERARCHIES 32
#define MAX_CGROUP_DEPTH 16

static __always_inline bool is_watched(int hierarchy)
{
	return (state.cgroup_hierarchies >> (hierarchy & 63)) & 1;
}

/*
 * The target of a cgroup or of one of its ancestors, so that a container inside a target container is one too. Ids are
 * unique within a hierarchy only (cgroup v1), hence the pair.
 */
__noinline u32 cgroup_target(u64 cgroup_address, int hierarchy)
{
	struct cgroup *cgroup = (struct cgroup *)cgroup_address;
	struct flowtap_cgroup_key key = {};
	struct cgroup_subsys_state *parent;
	u32 *target;

	key.hierarchy = hierarchy;
	for (int depth = 0; depth < MAX_CGROUP_DEPTH && cgroup; depth++) {
		key.id = BPF_CORE_READ(cgroup, kn, id);
		target = bpf_map_lookup_elem(&cgroup_targets, &key);
		if (target)
			return *target;
		parent = BPF_CORE_READ(cgroup, self.parent);
		if (!parent)
			return 0;
		cgroup = BPF_CORE_READ(parent, cgroup);
	}
	return 0;
}

/* The target that a task's cgroups make it belong to, over all hierarchies; 0: none. */
static __noinline u32 task_cgroup_target(u64 task_address)
{
	struct task_struct *task = (struct task_struct *)task_address;
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct list_head *head = __builtin_preserve_access_index(&set->cgrp_links);
	struct list_head *node = BPF_CORE_READ(head, next);

	for (int i = 0; i < MAX_HIERARCHIES && node != head; i++) {
		struct cgrp_cset_link *link =
			(void *)node - __builtin_preserve_access_index(offsetof(struct cgrp_cset_link, cgrp_link));
		struct cgroup *cgroup = BPF_CORE_READ(link, cgrp);
		int hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);

		if (is_watched(hierarchy)) {
			u32 target = cgroup_target((u64)cgroup, hierarchy);

			if (target)
				return target;
		}
		node = BPF_CORE_READ(node, next);
	}
	return 0;
}

#endif
