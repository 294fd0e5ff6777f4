//! Reading the files of `policy.governance` and `policy.cedar.directory`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::admin::{FileObject, Role, Text, comes_back};
use crate::app::SystemSources;
use crate::app::governed::Instead;
use crate::app::governed::cedar::{self, is_cedar};
use crate::config::Sources;
use crate::model::document::{Document, Place, Problem, Problems};
use crate::policy::governance::{ObjectKey, read_file};

/// The key that names them.
const KEY: &str = "/policy/governance";
const CEDAR_KEY: &str = "/policy/cedar/directory";

/// How many files a folder may have.
const MOST_FILES: usize = 1000;

/// What is written of governance objects.
#[derive(Debug, Default)]
pub(in crate::app) struct Governed {
    /// The folder where there is one, and the files.
    pub(in crate::app) watched: Vec<PathBuf>,
    /// The texts that count.
    pub(in crate::app) texts: Vec<Text>,
    /// What is in them.
    pub(in crate::app) objects: Vec<FileObject>,
    /// What stands in the place of the files, where something does.
    pub(in crate::app) pin: Option<crate::admin::Pin>,
}

/// Where governance objects and Cedar policies are written.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::app) struct Places<'p> {
    /// The file or folder of governance objects.
    pub(in crate::app) governance: Option<&'p Path>,
    /// The file or folder of Cedar policies.
    pub(in crate::app) cedar: Option<&'p Path>,
    /// The Cedar engine they are of.
    pub(in crate::app) engine: Option<&'p str>,
}

/// Reads the files and folders at `places`, which `document` names; nothing where there is none.
///
/// # Errors
/// Everything that is wrong with them.
pub(in crate::app) fn governed(
    document: &Document,
    places: Places<'_>,
    instead: Instead<'_>,
) -> Result<Governed, Problems> {
    let of = |path: Option<&Path>, key, counts: fn(&Path) -> bool| match path {
        Some(path) => found(path, counts).map_err(|why| Problems::from(document.key_problem(key, why))),
        None => Ok(Vec::new()),
    };
    let governance = of(places.governance, KEY, is_yaml)?;
    let cedar = of(places.cedar, CEDAR_KEY, is_cedar)?;
    let keyed = governance.into_iter().map(|path| (KEY, path));
    let keyed: Vec<_> = keyed.chain(cedar.into_iter().map(|path| (CEDAR_KEY, path))).collect();
    let mut problems = Vec::new();
    let mut written = Vec::with_capacity(keyed.len());
    for (key, file) in &keyed {
        let name: Arc<str> = file.display().to_string().into();
        match SystemSources.file(file) {
            Ok(text) if *key == CEDAR_KEY && !is_cedar(file) => {
                drop(text);
                let message = format!("{name} is no folder, and its name does not end in .cedar");
                problems.push(document.key_problem(key, message));
            }
            Ok(text) => written.push(Text { role: Role::Governance, name, text: text.into() }),
            Err(error) => problems.push(document.key_problem(key, format!("{name} cannot be read: {error}"))),
        }
    }
    // Whether other texts stand in their place cannot be told of files that cannot be read.
    Problems::unless_empty((), problems)?;
    let (texts, pin) = instead.governance(written.clone());
    let cedar = cedar::objects(document, places.engine.filter(|_| places.cedar.is_some()), &texts);
    let governed = objects(&texts);
    let (mut objects, cedar) = match (governed, cedar) {
        (Ok(governed), Ok(cedar)) => (governed, cedar),
        (governed, cedar) => {
            let all = [governed.err(), cedar.err()].into_iter().flatten().flat_map(Problems::into_list);
            return Problems::unless_empty(Governed::default(), all.collect());
        }
    };
    if pin.is_some() {
        // Grants and statuses are those of now whatever stands in the place of the files: a rollback undoes no revocation.
        objects.retain(|object| comes_back(object.written.key.kind));
        let now = self::objects(&written);
        // Whose files cannot be read has no grant in them. Going back waits until they are mended.
        let now = if matches!(instead, Instead::Back(_)) { now? } else { now.unwrap_or_default() };
        objects.extend(now.into_iter().filter(|object| !comes_back(object.written.key.kind)));
    }
    once_each(&cedar)?;
    objects.extend(cedar);
    let folders = [places.governance, places.cedar].into_iter().flatten().filter(|path| path.is_dir());
    let watched = folders.map(Path::to_owned).chain(keyed.into_iter().map(|(_, path)| path)).collect();
    Ok(Governed { watched, texts, objects, pin })
}

/// The files at `path`, in the order of their names.
fn found(path: &Path, counts: fn(&Path) -> bool) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if is_ours(&file) && counts(&file) {
            files.push(file);
        }
        if files.len() > MOST_FILES {
            return Err(format!("{} has more than {MOST_FILES} files", path.display()));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file of the folder counts: what editors and Kubernetes put beside it begins with a dot.
pub(in crate::app) fn is_ours(file: &Path) -> bool {
    let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    (is_yaml(file) || is_cedar(file)) && !hidden && !file.is_dir()
}

fn is_yaml(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn objects(texts: &[Text]) -> Result<Vec<FileObject>, Problems> {
    let (mut objects, mut problems) = (Vec::<FileObject>::new(), Vec::new());
    let mut files: BTreeMap<ObjectKey, Arc<str>> = BTreeMap::new();
    for text in texts.iter().filter(|text| !is_cedar(Path::new(&*text.name))) {
        let read = Document::parse(&text.name, &text.text).and_then(|document| read_file(&document));
        match read {
            Ok(written) => {
                for written in written {
                    if let Some(first) = files.insert(written.key.clone(), Arc::clone(&text.name)) {
                        problems.push(twice(&written.key, &first, text));
                    }
                    objects.push(FileObject { file: Arc::clone(&text.name), written });
                }
            }
            Err(found) => problems.extend(found.into_list()),
        }
    }
    Problems::unless_empty(objects, problems)
}

/// Whether no policy is written twice.
fn once_each(objects: &[FileObject]) -> Result<(), Problems> {
    let mut files: BTreeMap<&ObjectKey, &Arc<str>> = BTreeMap::new();
    let mut problems = Vec::new();
    for FileObject { file, written } in objects {
        if let Some(first) = files.insert(&written.key, file) {
            let (_, id) = written.key.name.split_once('/').unwrap_or_default();
            let message = format!("the policy {id} is in {first} too");
            let at = Place::whole(Arc::clone(file));
            problems
                .push(Problem::new(at, "", message).with_hint("give one of them another @id, or keep one"));
        }
    }
    Problems::unless_empty((), problems)
}

fn twice(key: &ObjectKey, first: &str, second: &Text) -> Problem {
    let message = format!("the {} {} is in {first} too", key.kind.as_str().replace('_', " "), key.name);
    Problem::new(Place::whole(Arc::clone(&second.name)), "", message).with_hint("keep one of them")
}
