//! `aegis serve POLICY`: document 002's server.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use crate::app::{PolicyServerOptions, policy_server};
use crate::cli::command::{ApprovalMode, PolicyServer};
use crate::cli::{output, serve};
use crate::config::Secret;
use crate::gateway::{Approval, NoExecutor};
use crate::model::document::Problems;
use crate::telemetry::{LogFormat, init_logging};

pub(super) fn run(policy: &Path, arguments: &PolicyServer) -> Result<ExitCode> {
    let Some(host) = address(&arguments.host) else {
        output::error(&format!("--host {} is no address of this machine", arguments.host));
        return Ok(ExitCode::from(output::USAGE));
    };
    let mut options = PolicyServerOptions::new(policy);
    options.listen = SocketAddr::new(host, arguments.port);
    options.audit_index.clone_from(&arguments.audit_db);
    options.approval = match arguments.approval {
        ApprovalMode::Auto => Approval::Auto,
        ApprovalMode::Hold => Approval::Hold,
    };
    (options.lenient, options.insecure) = (arguments.lenient, arguments.insecure);
    (options.api_key, options.admin_key) = (secret("AEGIS_API_KEY"), secret("AEGIS_ADMIN_KEY"));
    if let Some(objection) = options.objection() {
        output::error(&objection);
        return Ok(ExitCode::from(output::USAGE));
    }
    init_logging("info", LogFormat::Text)?;
    let app = match policy_server(&options, Arc::new(NoExecutor)) {
        Ok(app) => app,
        Err(error) if error.is::<Problems>() => {
            output::problems(&format!("{error:#}"));
            output::error("this policy cannot be served; --lenient loads what agent-aegis would");
            return Ok(ExitCode::from(output::BAD_CONFIGURATION));
        }
        Err(error) => return Err(error),
    };
    announce(&options);
    serve::announce(&app);
    output::line("ready");
    app.run()?;
    Ok(ExitCode::SUCCESS)
}

fn announce(options: &PolicyServerOptions) {
    match options.approval {
        Approval::Auto => output::line(
            "actions that want approval are approved without asking anybody (--approval hold has them wait for a person)",
        ),
        Approval::Hold => {
            output::line(
                "actions that want approval wait for a person: aegis holds list, aegis holds approve",
            );
        }
    }
    match (&options.api_key, &options.admin_key) {
        (None, None) => output::line(
            "no key is asked of anybody who reaches this server (AEGIS_API_KEY and AEGIS_ADMIN_KEY set keys)",
        ),
        (None, Some(_)) => output::line("a key is asked for policy updates and approvals alone"),
        (Some(_), _) => {}
    }
}

/// A key of the environment; an empty one is none. One that is no text is one all the same, which is then objected to.
fn secret(name: &str) -> Option<Secret> {
    let text = std::env::var_os(name)?.to_string_lossy().into_owned();
    Some(text).filter(|text| !text.is_empty()).map(Secret::new)
}

/// An address, or the first that a name stands for, one of IPv4 before others.
fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            let known: Vec<SocketAddr> = (bare, 0).to_socket_addrs().ok()?.collect();
            let found = known.iter().find(|address| address.is_ipv4()).or(known.first());
            found.map(SocketAddr::ip)
        }
    }
}
