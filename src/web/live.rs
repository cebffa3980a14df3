//! Values of the page that are watched.
//!
//! A signal of Leptos generates code per type, for arenas, locks and guards. This page needs little
//! of it, because its values live as long as the page. Here Leptos tracks the observers, and the
//! value is stored beside them.

use leptos::prelude::*;
use std::sync::{PoisonError, RwLock};

/// Works a value out anew, and says whether it is another.
type Renew = Box<dyn Fn() -> bool + Send + Sync>;

/// A value that notifies observers when it changes. It lives as long as the page, so temporary
/// parts of the page must not create one.
pub(super) struct Live<T: 'static>(&'static Watched<T>);

struct Watched<T> {
    value: RwLock<T>,
    watchers: ArcTrigger,
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Live<T> {
        *self
    }
}

impl<T> Copy for Live<T> {}

impl<T> Live<T> {
    /// A value that nobody watches yet.
    pub(super) fn new(value: T) -> Live<T> {
        Live(Box::leak(Box::new(Watched { value: RwLock::new(value), watchers: ArcTrigger::new() })))
    }

    /// Watches the value without reading it.
    pub(super) fn track(self) {
        self.0.watchers.track();
    }

    /// Reads and watches the value.
    pub(super) fn with<Answer>(self, read: impl FnOnce(&T) -> Answer) -> Answer {
        self.track();
        self.with_untracked(read)
    }

    /// Reads the value.
    pub(super) fn with_untracked<Answer>(self, read: impl FnOnce(&T) -> Answer) -> Answer {
        read(&self.0.value.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A copy of the value, which is watched.
    pub(super) fn get(self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value.
    pub(super) fn get_untracked(self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }

    /// Changes the value and tells of it.
    pub(super) fn update(self, change: impl FnOnce(&mut T)) {
        change(&mut self.0.value.write().unwrap_or_else(PoisonError::into_inner));
        self.0.watchers.notify();
    }

    /// Replaces the value and tells of it.
    pub(super) fn set(self, value: T) {
        self.update(|before| *before = value);
    }

    /// Replaces the value, and tells of it where it is another.
    pub(super) fn renew(self, value: T)
    where
        T: PartialEq,
    {
        if self.with_untracked(|before| *before != value) {
            self.set(value);
        }
    }
}

/// A value derived from watched values. It is computed when it is read after they changed, and
/// lives as long as the page.
pub(super) struct Derived<T: 'static> {
    value: Live<T>,
    /// The number of changes of the value. Leptos' memos generate code per type, so all have this
    /// one.
    version: Memo<usize>,
}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Derived<T> {
        *self
    }
}

impl<T> Copy for Derived<T> {}

impl<T: Default + PartialEq + Send + Sync> Derived<T> {
    /// What `follow` makes of the value before, which is the default at first.
    pub(super) fn new(follow: impl Fn(&T) -> T + Send + Sync + 'static) -> Derived<T> {
        let value = Live::new(T::default());
        let renew: Renew = Box::new(move || {
            let now = value.with_untracked(&follow);
            let is_another = value.with_untracked(|before| *before != now);
            if is_another {
                *value.0.value.write().unwrap_or_else(PoisonError::into_inner) = now;
            }
            is_another
        });
        let version = move |before: Option<&usize>| before.copied().unwrap_or(0) + usize::from(renew());
        Derived { value, version: Memo::new(version) }
    }

    /// Watches the value without reading it.
    pub(super) fn track(self) {
        self.version.get();
    }

    /// Reads and watches the value.
    pub(super) fn with<Answer>(self, read: impl FnOnce(&T) -> Answer) -> Answer {
        self.track();
        self.value.with_untracked(read)
    }
}
