//! Reading the files of `policy.governance`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::admin::{FileObject, Role, Text, comes_back};
use crate::app::SystemSources;
use crate::app::governed::Instead;
use crate::config::Sources;
use crate::model::document::{Document, Place, Problem, Problems};
use crate::policy::governance::{ObjectKey, read_file};

/// The key that names them.
const KEY: &str = "/policy/governance";

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

/// Reads the file or the folder at `path`, which `document` names; nothing where there is none.
///
/// # Errors
/// Everything that is wrong with them.
pub(in crate::app) fn governed(
    document: &Document,
    path: Option<&Path>,
    instead: Instead<'_>,
) -> Result<Governed, Problems> {
    let paths = match path {
        Some(path) => found(path).map_err(|why| Problems::from(document.key_problem(KEY, why)))?,
        None => Vec::new(),
    };
    let mut problems = Vec::new();
    let mut written = Vec::with_capacity(paths.len());
    for file in &paths {
        let name: Arc<str> = file.display().to_string().into();
        match SystemSources.file(file) {
            Ok(text) => written.push(Text { role: Role::Governance, name, text: text.into() }),
            Err(error) => problems.push(document.key_problem(KEY, format!("{name} cannot be read: {error}"))),
        }
    }
    // Whether other texts stand in their place cannot be told of files that cannot be read.
    Problems::unless_empty((), problems)?;
    let (texts, pin) = instead.governance(written.clone());
    let mut objects = objects(&texts)?;
    if pin.is_some() {
        // Grants and statuses are those of now whatever stands in the place of the files: a rollback undoes no revocation.
        objects.retain(|object| comes_back(object.written.key.kind));
        let now = self::objects(&written);
        // Whose files cannot be read has no grant in them. Going back waits until they are mended.
        let now = if matches!(instead, Instead::Back(_)) { now? } else { now.unwrap_or_default() };
        objects.extend(now.into_iter().filter(|object| !comes_back(object.written.key.kind)));
    }
    let folder = path.filter(|path| path.is_dir()).map(Path::to_owned);
    Ok(Governed { watched: folder.into_iter().chain(paths).collect(), texts, objects, pin })
}

/// The files at `path`, in the order of their names.
fn found(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if is_ours(&file) {
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
    let yaml = file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    yaml && !hidden && !file.is_dir()
}

fn objects(texts: &[Text]) -> Result<Vec<FileObject>, Problems> {
    let (mut objects, mut problems) = (Vec::<FileObject>::new(), Vec::new());
    let mut files: BTreeMap<ObjectKey, Arc<str>> = BTreeMap::new();
    for text in texts {
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

fn twice(key: &ObjectKey, first: &str, second: &Text) -> Problem {
    let message = format!("the {} {} is in {first} too", key.kind.as_str().replace('_', " "), key.name);
    Problem::new(Place::whole(Arc::clone(&second.name)), "", message).with_hint("keep one of them")
}
