//! Building the server.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::app::policy_server::keys::{keys, objection};
use crate::app::start::{App, Options, Planes};
use crate::app::{ConfigSource, load_to_start};
use crate::config::Secret;
use crate::control::{Access, Door};
use crate::gateway::{Approval, Executor};

/// What the server is made of beside the policy.
const CONFIG: &str = include_str!("../../../config/policy_server.yaml");

/// How a policy is served.
#[derive(Clone, Debug)]
pub struct PolicyServerOptions {
    /// The policy: a rules file in the format of document 002.
    pub policy: PathBuf,
    /// Where to listen; port 0 = one the system chooses.
    pub listen: SocketAddr,
    /// The file of the audit log's index; the ledger is in a folder beside it. `None`: both are in a folder beside the policy.
    pub audit_index: Option<PathBuf>,
    /// What becomes of actions that want approval.
    pub approval: Approval,
    /// Load what the document's model loads, too.
    pub lenient: bool,
    /// Listen beyond this machine without a key.
    pub insecure: bool,
    /// `AEGIS_API_KEY`: asked of everybody but for policy updates and `/health`. `None`: whoever reaches the server may call.
    pub api_key: Option<Secret>,
    /// `AEGIS_ADMIN_KEY`: asked for policy updates, and of approvers. `None`: the other one is asked for updates.
    pub admin_key: Option<Secret>,
}

impl PolicyServerOptions {
    /// As `aegis serve POLICY` serves it without options: on port 8000 of the loopback, approving what wants approval, open to
    /// this machine.
    #[must_use]
    pub fn new(policy: impl Into<PathBuf>) -> Self {
        Self {
            policy: policy.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            audit_index: None,
            approval: Approval::Auto,
            lenient: false,
            insecure: false,
            api_key: None,
            admin_key: None,
        }
    }

    /// What speaks against serving so, in a sentence; `None`: nothing.
    #[must_use]
    pub fn objection(&self) -> Option<String> {
        let keys = [("AEGIS_API_KEY", &self.api_key), ("AEGIS_ADMIN_KEY", &self.admin_key)];
        if let Some(objection) = keys.into_iter().find_map(|(name, key)| objection(name, key.as_ref())) {
            return Some(objection);
        }
        let address = self.listen.ip();
        if !is_loopback(address) && self.api_key.is_none() && !self.insecure {
            return Some(format!(
                "{address} can be reached from other machines, and no key is asked of anybody: set AEGIS_API_KEY, listen on 127.0.0.1, or say --insecure"
            ));
        }
        if self.approval == Approval::Hold && self.api_key.is_some() && self.admin_key.is_none() {
            return Some(
                "with --approval hold nobody could approve: whoever holds AEGIS_API_KEY asks, and must not approve too; set AEGIS_ADMIN_KEY for the approvers"
                    .to_owned(),
            );
        }
        None
    }

    /// Where ledger, store and keys are kept.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        with_suffix(self.audit_index.as_deref().unwrap_or(&self.policy), ".aegis")
    }

    /// The policy as the source of a configuration.
    #[must_use]
    pub fn source(&self) -> ConfigSource {
        ConfigSource::Policy {
            config: CONFIG,
            policy: self.policy.clone(),
            overrides: vec![("AEGIS_CONTROL__LISTEN".to_owned(), self.listen.to_string())],
            base: self.data_dir(),
            lenient: self.lenient,
        }
    }

    fn door(&self) -> Door {
        match (&self.api_key, is_loopback(self.listen.ip())) {
            (Some(_), _) => Door::Locked,
            (None, true) => Door::OpenOnLoopback,
            (None, false) => Door::Open,
        }
    }
}

/// A server of document 002's API over the policy of `options`, with `executor` to run what is let through. It is bound, and
/// serves when it is run ([`App::run`]).
///
/// # Errors
/// [`PolicyServerOptions::objection`], everything that is wrong with the policy, and whatever keeps the server from starting.
pub fn policy_server(options: &PolicyServerOptions, executor: Arc<dyn Executor>) -> Result<App> {
    if let Some(objection) = options.objection() {
        bail!(objection);
    }
    let source = options.source();
    let loaded = load_to_start(&source)?;
    App::start(
        Options {
            source,
            access: Access::Environment(options.door()),
            own_keys: keys(options.api_key.as_ref(), options.admin_key.as_ref()),
            executor: Some((executor, options.approval)),
            audit_index: options.audit_index.clone(),
            planes: Planes::Control,
        },
        &loaded,
    )
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
