//! A queue that is fair between tenants, by the time that each has used.
//!
//! [`FairQueue`] is in a mailbox, under the mailbox's lock.
//!
//! The method is start-time fair queueing (Goyal, Vin and Cheng, 1996), with a job's actual cost in the place of its expected
//! cost. Every tenant has a clock that advances by the time of its jobs. The tenant whose clock is furthest behind is served
//! next. A tenant that comes back begins where the others are. A tenant with many jobs waits for itself.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::time::Nanos;

/// Jobs of tenants.
pub(crate) struct FairQueue<J> {
    tenants: HashMap<u64, QueuedTenant<J>>,
    /// The tenants with jobs, ordered by their clocks, and by their arrival where the clocks are equal.
    order: BTreeSet<(Nanos, u64, u64)>,
    /// The clock of the tenant that was served last.
    floor: Nanos,
    /// The greatest clock.
    most: Nanos,
    /// How often a tenant was added to the order.
    turns: u64,
    len: usize,
}

struct QueuedTenant<J> {
    jobs: VecDeque<J>,
    clock: Nanos,
    turn: u64,
}

impl<J> Default for FairQueue<J> {
    fn default() -> Self {
        Self {
            tenants: HashMap::new(),
            order: BTreeSet::new(),
            floor: Nanos::ZERO,
            most: Nanos::ZERO,
            turns: 0,
            len: 0,
        }
    }
}

impl<J> FairQueue<J> {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The number of waiting jobs of a tenant.
    #[cfg(test)]
    pub(crate) fn len_of(&self, tenant: u64) -> usize {
        self.tenants.get(&tenant).map_or(0, |tenant| tenant.jobs.len())
    }

    pub(crate) fn push(&mut self, tenant: u64, job: J) {
        if self.order.is_empty() {
            // The queue is empty, so no tenant is ahead of another.
            self.floor = self.most;
            self.tenants.clear();
        }
        let floor = self.floor;
        let entry = self.tenants.entry(tenant).or_insert(QueuedTenant {
            jobs: VecDeque::new(),
            clock: floor,
            turn: 0,
        });
        entry.clock = entry.clock.max(floor);
        entry.jobs.push_back(job);
        let is_first = entry.jobs.len() == 1;
        self.len += 1;
        if is_first {
            self.line_up(tenant);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<(u64, J)> {
        let (clock, _, id) = self.order.pop_first()?;
        self.floor = clock;
        let tenant = self.tenants.get_mut(&id)?;
        let job = tenant.jobs.pop_front()?;
        self.len -= 1;
        if !tenant.jobs.is_empty() {
            self.line_up(id);
        }
        Some((id, job))
    }

    /// Takes the first wanted job.
    pub(crate) fn take(&mut self, mut is_wanted: impl FnMut(&J) -> bool) -> Option<(u64, J)> {
        let found = self
            .tenants
            .iter()
            .find_map(|(id, tenant)| tenant.jobs.iter().position(&mut is_wanted).map(|at| (*id, at)));
        let (id, at) = found?;
        self.remove(id, at)
    }

    /// Takes the first wanted job of a tenant.
    pub(crate) fn take_of(&mut self, id: u64, is_wanted: impl FnMut(&J) -> bool) -> Option<(u64, J)> {
        let at = self.tenants.get(&id)?.jobs.iter().position(is_wanted)?;
        self.remove(id, at)
    }

    fn remove(&mut self, id: u64, at: usize) -> Option<(u64, J)> {
        let tenant = self.tenants.get_mut(&id)?;
        let job = tenant.jobs.remove(at)?;
        self.len -= 1;
        if tenant.jobs.is_empty() {
            self.order.remove(&(tenant.clock, tenant.turn, id));
        }
        Some((id, job))
    }

    /// Adds the time of a job to its tenant's clock.
    pub(crate) fn charge(&mut self, id: u64, took: Nanos) {
        let floor = self.floor;
        let tenant =
            self.tenants.entry(id).or_insert(QueuedTenant { jobs: VecDeque::new(), clock: floor, turn: 0 });
        let was_in_line = self.order.remove(&(tenant.clock, tenant.turn, id));
        tenant.clock = tenant.clock.saturating_add(took);
        self.most = self.most.max(tenant.clock);
        if was_in_line {
            self.line_up(id);
        }
    }

    fn line_up(&mut self, id: u64) {
        self.turns += 1;
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.turn = self.turns;
            self.order.insert((tenant.clock, tenant.turn, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &mut FairQueue<u32>, cost: impl Fn(u64) -> u64) -> Vec<(u64, u32)> {
        let mut served = Vec::new();
        while let Some((tenant, job)) = queue.pop() {
            queue.charge(tenant, Nanos::new(cost(tenant)));
            served.push((tenant, job));
        }
        served
    }

    #[test]
    fn one_tenant_is_served_in_the_order_of_its_jobs() {
        let mut queue = FairQueue::default();
        (0..5).for_each(|job| queue.push(7, job));
        assert_eq!(queue.len(), 5);
        assert_eq!(drain(&mut queue, |_| 10), [(7, 0), (7, 1), (7, 2), (7, 3), (7, 4)]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_flood_does_not_delay_another_tenant() {
        let mut queue = FairQueue::default();
        (0..1000).for_each(|job| queue.push(1, job));
        let first = queue.pop();
        queue.charge(1, Nanos::new(10));
        queue.push(2, 0);
        assert_eq!(first, Some((1, 0)));
        assert_eq!(queue.pop(), Some((2, 0)));
    }

    #[test]
    fn who_uses_more_time_is_served_less_often() {
        let mut queue = FairQueue::default();
        (0..100).for_each(|job| {
            queue.push(1, job);
            queue.push(2, job);
        });
        let served = drain(&mut queue, |tenant| if tenant == 1 { 30 } else { 10 });
        let of_first = served.iter().take(80).filter(|(tenant, _)| *tenant == 1).count();
        assert!(
            (18..=22).contains(&of_first),
            "a quarter of the turns, for three times the cost: {of_first}"
        );
    }

    #[test]
    fn nobody_saves_time_by_staying_away() {
        let mut queue = FairQueue::default();
        for job in 0..100 {
            queue.push(1, job);
            queue.pop();
            queue.charge(1, Nanos::new(10));
        }
        (0..10).for_each(|job| {
            queue.push(1, job);
            queue.push(2, job);
        });
        let served = drain(&mut queue, |_| 10);
        let of_second = served.iter().take(10).filter(|(tenant, _)| *tenant == 2).count();
        assert!((4..=6).contains(&of_second), "{served:?}");
    }

    #[test]
    fn a_job_is_taken_out_of_the_middle() {
        let mut queue = FairQueue::default();
        (0..3).for_each(|job| queue.push(1, job));
        queue.push(2, 9);
        assert_eq!(queue.take(|job| *job == 1), Some((1, 1)));
        assert_eq!(queue.take(|job| *job == 9), Some((2, 9)));
        assert_eq!(queue.take(|job| *job == 9), None);
        assert_eq!((queue.len(), queue.len_of(1), queue.len_of(2)), (2, 2, 0));
        assert_eq!(drain(&mut queue, |_| 1), [(1, 0), (1, 2)]);
    }

    #[test]
    fn the_jobs_of_one_tenant_are_taken_in_their_order() {
        let mut queue = FairQueue::default();
        [3, 4, 5].into_iter().for_each(|job| queue.push(1, job));
        queue.push(2, 3);
        assert_eq!(queue.take_of(1, |job| *job != 4), Some((1, 3)));
        assert_eq!(queue.take_of(1, |job| *job != 4), Some((1, 5)));
        assert_eq!((queue.take_of(1, |job| *job != 4), queue.take_of(3, |_| true)), (None, None));
        assert_eq!(drain(&mut queue, |_| 1), [(1, 4), (2, 3)]);
    }

    #[test]
    fn tenants_that_never_come_back_are_forgotten() {
        let mut queue = FairQueue::default();
        for tenant in 0..1000 {
            queue.push(tenant, 0);
            queue.push(tenant + 1, 1);
            while let Some((tenant, _)) = queue.pop() {
                queue.charge(tenant, Nanos::new(1));
            }
        }
        assert!(queue.tenants.len() <= 2, "{}", queue.tenants.len());
    }
}
