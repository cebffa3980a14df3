//! Values of the page that are watched.
//!
//! A signal of Leptos makes code of each type that it holds, for arenas, locks and guards, of which this page needs little: what it
//! watches lives as long as itself. Here who watches is Leptos' matter, and the value stands beside that.

use leptos::prelude::*;
use std::sync::{PoisonError, RwLock};

/// Works a value out anew, and says whether it is another.
type Renew = Box<dyn Fn() -> bool + Send + Sync>;

/// A value, and who is told when it changes. It lives as long as the page, so none is made for what comes and goes.
pub struct Live<T: 'static>(&'static Watched<T>);

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
    pub fn new(value: T) -> Live<T> {
        Live(Box::leak(Box::new(Watched { value: RwLock::new(value), watchers: ArcTrigger::new() })))
    }

    /// Watches the value without reading it.
    pub fn track(self) {
        self.0.watchers.track();
    }

    /// Reads and watches the value.
    pub fn with<Answer>(self, read: impl FnOnce(&T) -> Answer) -> Answer {
        self.track();
        self.with_untracked(read)
    }

    /// Reads the value.
    pub fn with_untracked<Answer>(self, read: impl FnOnce(&T) -> Answer) -> Answer {
        read(&self.0.value.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A copy of the value, which is watched.
    pub fn get(self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value.
    pub fn get_untracked(self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }

    /// Changes the value and tells of it.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        change(&mut self.0.value.write().unwrap_or_else(PoisonError::into_inner));
        self.0.watchers.notify();
    }

    /// Replaces the value and tells of it.
    pub fn set(self, value: T) {
        self.update(|before| *before = value);
    }

    /// Replaces the value, and tells of it where it is another.
    pub fn renew(self, value: T)
    where
        T: PartialEq,
    {
        if self.with_untracked(|before| *before != value) {
            self.set(value);
        }
    }
}

/// A value that follows from watched ones, worked out when it is read and they have changed. It lives as long as the page.
pub struct Derived<T: 'static> {
    value: Live<T>,
    /// How often the value has changed: Leptos' memos make code of their type too, so that all are of one.
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
    pub fn new(follow: impl Fn(&T) -> T + Send + Sync + 'static) -> Derived<T> {
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
    pub fn track(self) {
        self.version.get();
    }

    /// Reads and watches the value.
    pub fn with<Answer>(self, read: impl FnOnce(&T) -> Answer) -> Answer {
        self.track();
        self.value.with_untracked(read)
    }
}
