//! The places that a listener has for connections. Whoever comes when all are taken gets that of the connection that has kept us
//! waiting longest; one that we are working for is never sent away.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// All places of a listener.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: Mutex<Vec<Arc<Place>>>,
    /// A place was given up, or a connection began to wait for its caller. One alone waits for it: the accept loop.
    moved: Notify,
    /// Counts what happens: who began to wait earlier has the smaller number.
    turns: AtomicU64,
}

/// The place of one connection, given up when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    place: Arc<Place>,
}

/// What a connection does at present.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    now: Mutex<Now>,
    leave: Notify,
    /// Whether something of a request will stay unread.
    unread: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct Now {
    /// A whole head came, and its answer has not been handed over yet.
    asked: bool,
    /// The body of that request has not come whole, and somebody reads it.
    body_due: bool,
    /// The caller takes nothing of its answer.
    stalled: bool,
    /// It was sent away.
    left: bool,
    /// The turn since which it waits, if it does.
    since: u64,
}

impl Now {
    const fn waits_for_caller(self) -> bool {
        !self.left && (!self.asked || self.body_due || self.stalled)
    }
}

impl Places {
    /// So many.
    pub(super) fn new(most: usize) -> Arc<Self> {
        let (taken, moved, turns) = (Mutex::default(), Notify::new(), AtomicU64::new(0));
        Arc::new(Self { most, taken, moved, turns })
    }

    /// A place for a connection that has come. Only while we are working for every connection there is, it waits for long.
    pub(super) async fn take(self: &Arc<Self>) -> Seat {
        loop {
            if let Some(seat) = self.free_or_freed() {
                return seat;
            }
            self.moved.notified().await;
        }
    }

    fn free_or_freed(self: &Arc<Self>) -> Option<Seat> {
        let mut taken = self.taken();
        if taken.len() < self.most {
            let place = Arc::new(Place::new(self));
            taken.push(Arc::clone(&place));
            return Some(Seat { place });
        }
        // One is enough, and it may be on its way out already.
        if !taken.iter().any(|place| place.now().left) {
            let waiting = taken.iter().filter_map(|place| Some((place.waits_since()?, place)));
            if let Some((_, longest)) = waiting.min_by_key(|(since, _)| *since) {
                longest.send_away();
            }
        }
        None
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<Place>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }
}

impl Seat {
    /// Whose it is.
    pub(super) const fn place(&self) -> &Arc<Place> {
        &self.place
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.place.places.taken().retain(|place| !Arc::ptr_eq(place, &self.place));
        self.place.places.moved.notify_one();
    }
}

impl Place {
    fn new(places: &Arc<Places>) -> Self {
        let now = Now { asked: false, body_due: false, stalled: false, left: false, since: places.turn() };
        Self {
            places: Arc::clone(places),
            now: Mutex::new(now),
            leave: Notify::new(),
            unread: AtomicBool::new(false),
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waits_since(&self) -> Option<u64> {
        let now = self.now();
        now.waits_for_caller().then_some(now.since)
    }

    /// If nothing is being done for it; then nothing is begun any more.
    fn send_away(&self) {
        let mut now = self.now();
        if now.waits_for_caller() {
            now.left = true;
            self.leave.notify_one();
        }
    }

    /// Returns when another connection gets this place.
    pub(super) async fn sent_away(&self) {
        self.leave.notified().await;
    }

    /// A whole head came. Whether it may be answered: not once the connection was sent away.
    pub(super) fn begin(&self, body_due: bool) -> bool {
        self.change(|now, turn| (now.asked, now.body_due, now.since) = (true, body_due, turn))
    }

    /// The body came whole, or nobody reads it any more. Whether it may be used.
    pub(super) fn has_body(&self) -> bool {
        self.change(|now, _| now.body_due = false)
    }

    /// The answer was handed over; the next request is the caller's turn.
    pub(super) fn answered(&self) {
        self.change(|now, turn| (now.asked, now.body_due, now.since) = (false, false, turn));
    }

    /// Whether the caller takes nothing of its answer.
    pub(super) fn stalls(&self, stalled: bool) {
        self.change(|now, turn| (now.stalled, now.since) = (stalled, turn));
    }

    fn change(&self, to: impl FnOnce(&mut Now, u64)) -> bool {
        let mut now = self.now();
        if now.left {
            return false;
        }
        to(&mut now, self.places.turn());
        if now.waits_for_caller() {
            self.places.moved.notify_one();
        }
        true
    }

    /// Something of a request stays unread, so the connection ends with its answer.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether something of a request stays unread.
    pub(super) fn is_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }
}
