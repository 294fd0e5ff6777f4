//! What becomes of the registry when files are loaded, at a start, and when an earlier snapshot comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::admin::plan::{entry, first, succeeding};
use crate::admin::registry::{Registry, file_of};
use crate::admin::{Digest, Entry, FileObject, Origin, Refused, Row, RowChange, StoredObject};
use crate::model::document::{Document, Place, Problem, Problems};
use crate::model::time::Timestamp;
use crate::policy::governance::{
    Content, Defaults, Kind, Object, ObjectKey, Source, Stamp, Standing, Written, read,
};

impl Registry {
    /// What the store holds, before any file is loaded; and what it is to hold instead, where this version of the gateway writes a
    /// revoked grant in another way than the one that kept it: by that it is told whether the file says the same still.
    ///
    /// # Errors
    /// What came by API and cannot be read any more: every problem, each with the object's id.
    pub fn restore(stored: Vec<StoredObject>) -> Result<(Self, Vec<RowChange>), Problems> {
        let (mut registry, mut rows, mut problems) = (Self::default(), Vec::new(), Vec::new());
        let mut restated = Vec::new();
        for object in stored {
            if object.origin == Origin::File {
                registry.known.insert(object.key, (object.stamp, object.digest));
                continue;
            }
            match object.compile() {
                Ok(entry) if object.origin == Origin::Api => {
                    rows.push(RowChange { key: object.key, row: Row::Api(Some(entry)) });
                }
                Ok(entry) => {
                    let otherwise = entry.digest != object.digest;
                    let row = RowChange { key: object.key, row: Row::Revoked(Some(entry)) };
                    restated.extend(otherwise.then(|| row.clone()));
                    rows.push(row);
                }
                Err(found) => problems.extend(found.into_list()),
            }
        }
        registry.apply(rows);
        Problems::unless_empty((registry, restated), problems)
    }

    /// What changes when the files hold `objects`, and nothing else.
    #[must_use]
    pub fn files_changed(&self, objects: &[FileObject], now: Timestamp) -> Vec<RowChange> {
        let mut rows = Vec::new();
        let mut kept = BTreeSet::new();
        for FileObject { file, written } in objects {
            let key = &written.key;
            kept.insert(key);
            let digest = Digest::of_object(key, &written.written);
            let stamp = self.file_stamp(key, digest, file, now);
            // The revocation of a grant is of the grant as it was written then.
            if self.revoked.get(key).is_some_and(|revoked| revoked.digest != digest) {
                rows.push(RowChange { key: key.clone(), row: Row::Revoked(None) });
            }
            let same = |before: &Entry| before.digest == digest && before.object.stamp == stamp;
            if !self.files.get(key).is_some_and(same) {
                rows.push(RowChange {
                    key: key.clone(),
                    row: Row::File(Some(entry(written.clone(), stamp))),
                });
            }
        }
        for key in self.known.keys().filter(|key| !kept.contains(key)) {
            rows.push(RowChange { key: key.clone(), row: Row::File(None) });
        }
        for key in self.revoked.keys().filter(|key| !kept.contains(key)) {
            rows.push(RowChange { key: key.clone(), row: Row::Revoked(None) });
        }
        rows
    }

    fn file_stamp(&self, key: &ObjectKey, digest: Digest, file: &Arc<str>, now: Timestamp) -> Stamp {
        let source = Source::File(Arc::clone(file));
        match self.known.get(key) {
            Some((stamp, known)) if *known == digest => Stamp { source, ..stamp.clone() },
            Some((stamp, _)) => Stamp { source, ..succeeding(stamp, now) },
            None => first(key, source, now, &mut |_| Arc::default()),
        }
    }

    /// Whether `rows` say something that the store does not know: not that a file was loaded again as it was.
    #[must_use]
    pub fn is_news(&self, rows: &[RowChange]) -> bool {
        rows.iter().any(|RowChange { key, row }| match row {
            Row::File(Some(entry)) => {
                self.known.get(key) != Some(&(entry.object.stamp.clone(), entry.digest))
            }
            _ => true,
        })
    }

    /// What changes when policies and capabilities are again as they were: those of the API are among `stored`, and the files hold
    /// `files`. What was gone gets a version that it never had: above `version`, that of the snapshot in force, since an object
    /// changes only with a snapshot. What is whose stays as it is, so that no revocation is undone: grants, revoked ones too,
    /// statuses of actors and kill switches.
    ///
    /// # Errors
    /// An object of then cannot be read any more.
    pub fn back_to(
        &self,
        stored: Vec<StoredObject>,
        files: &[FileObject],
        (now, version): (Timestamp, u64),
    ) -> Result<Vec<RowChange>, Problems> {
        let mut rows = self.files_changed(files, now);
        let mut problems = Vec::new();
        let mut api = BTreeMap::<ObjectKey, Entry>::new();
        let of_api = |object: &StoredObject| object.origin == Origin::Api && comes_back(object.key.kind);
        for object in stored.into_iter().filter(of_api) {
            match object.compile() {
                Ok(entry) => {
                    api.insert(object.key, entry);
                }
                Err(found) => problems.extend(found.into_list()),
            }
        }
        for (key, then) in &api {
            rows.extend(self.restored(key, then, (now, version)));
        }
        let gone = self.api.keys().filter(|key| comes_back(key.kind) && !api.contains_key(key));
        rows.extend(gone.map(|key| RowChange { key: key.clone(), row: Row::Api(None) }));
        Problems::unless_empty(rows, problems)
    }

    /// An object of the API as it was then, with a version of its own.
    fn restored(&self, key: &ObjectKey, then: &Entry, (now, version): (Timestamp, u64)) -> Option<RowChange> {
        let stamp = match self.api.get(key) {
            Some(before) if before.digest == then.digest => return None,
            Some(before) => succeeding(&before.object.stamp, now),
            None => succeeding(&Stamp { version, ..then.object.stamp.clone() }, now),
        };
        let object = Object { stamp, ..Object::clone(&then.object) };
        let entry = Entry { object: Arc::new(object), digest: then.digest };
        Some(RowChange { key: key.clone(), row: Row::Api(Some(entry)) })
    }

    /// Whether everybody whom `before` stops is stopped still.
    ///
    /// # Errors
    /// Somebody is not.
    pub fn stops_all(&self, before: &[Arc<Object>]) -> Result<(), Refused> {
        for object in before {
            let now = self.objects().find(&object.key);
            if now.map_or(0, |now| stops(now)) < stops(object) {
                let what = format!("{} {}", object.key.kind.as_str(), object.key.name);
                let file = match &object.stamp.source {
                    Source::File(file) => Arc::clone(file),
                    Source::Api => "the API".into(),
                };
                return Err(Refused::Stopped { what, file });
            }
        }
        Ok(())
    }

    /// The statuses of actors and the kill switches that stop somebody.
    #[must_use]
    pub fn stopping(&self) -> Vec<Arc<Object>> {
        self.objects().iter().filter(|object| stops(object) > 0).cloned().collect()
    }

    /// What a file now says of an object that came by API too, for the log.
    pub fn shadowed_lines(&self) -> impl Iterator<Item = String> {
        self.shadowed().map(|(object, file)| {
            let key = &object.key;
            format!(
                "the {} {} ({}) came by API and is also in {file}: the file counts",
                key.kind.as_str(),
                key.name,
                object.stamp.id
            )
        })
    }

    /// The file an object of that key is in.
    #[must_use]
    pub fn file(&self, key: &ObjectKey) -> Option<&Arc<str>> {
        self.files.get(key).and_then(file_of)
    }
}

impl StoredObject {
    /// What is made of it.
    fn compile(&self) -> Result<Entry, Problems> {
        if self.key.kind.is_cedar() {
            return self.compile_cedar();
        }
        let name = format!("{} {} in the store", self.key.kind.as_str(), self.stamp.id);
        let document = Document::parse(&name, &self.written)?;
        let grantee = self.key.name.split_once(' ').map(|(_, actor)| actor);
        let actor = match self.key.kind {
            Kind::Grant => grantee,
            Kind::Actor => Some(&*self.key.name),
            _ => None,
        };
        let tenant = self.key.tenant.as_deref().unwrap_or_default();
        let id = (self.key.kind == Kind::Policy).then_some(&*self.key.name);
        let written: Written = read(self.key.kind, &document, Defaults { tenant, actor, id })?;
        if written.key != self.key {
            let message = "what is stored is of another object than it is stored under";
            return Err(Problem::new(document.place(""), "", message).into());
        }
        Ok(entry(written, self.stamp.clone()))
    }
}

impl StoredObject {
    /// What is made of a Cedar object.
    fn compile_cedar(&self) -> Result<Entry, Problems> {
        let written = Written::kept_cedar(&self.key, &self.written).ok_or_else(|| {
            let name = format!("{} {} in the store", self.key.kind.as_str(), self.stamp.id);
            let message = "what is stored is no such object, or one of another name";
            Problems::from(Problem::new(Place::whole(name), "", message))
        })?;
        Ok(entry(written, self.stamp.clone()))
    }
}

/// Whether objects of that kind come back with an earlier snapshot: what is said of everybody does, what is somebody's does not.
#[must_use]
pub const fn comes_back(kind: Kind) -> bool {
    matches!(kind, Kind::Capability | Kind::Policy) || kind.is_cedar()
}

/// How much an object stops.
fn stops(object: &Object) -> u8 {
    match &object.content {
        Content::KillSwitch(kill_switch) => u8::from(kill_switch.active),
        Content::Actor(actor) => match actor.standing {
            Standing::Active => 0,
            Standing::Suspended => 1,
            Standing::Revoked => 2,
        },
        _ => 0,
    }
}
