use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tonic::Code;

use crate::Error;
use crate::calls::{UnaryRpc, Wire};
use crate::proto::ordermesh::identity::v1::{
    LoginRequest, LogoutRequest, RefreshRequest, TokenPair, User,
};

/// An access token is refreshed when less than this, or than a fifth of its life, is left.
const REFRESH_BEFORE: Duration = Duration::from_secs(60);
const REFRESH_LIFE_PARTS: u32 = 5;
/// How long a call waits for a refresh while the old token still holds: an identity service that
/// hangs must not hold up orders and cancels.
const REFRESH_PATIENCE: Duration = Duration::from_secs(1);

type Exchanged = Option<Result<String, Error>>;

/// One login. At most one exchange of tokens is under way: a refresh token that is used twice ends
/// the whole login.
pub(crate) struct Session {
    wire: Wire,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    user: Option<User>,
    access: String,
    refresh: String,
    times: Option<Times>,
    underway: Option<watch::Receiver<Exchanged>>,
}

#[derive(Clone, Copy)]
struct Times {
    renew_at: Instant,
    expire_at: Instant,
}

impl Times {
    fn of(life: Duration) -> Self {
        let expire_at = Instant::now() + life;
        Self { expire_at, renew_at: expire_at - REFRESH_BEFORE.min(life / REFRESH_LIFE_PARTS) }
    }
}

impl Session {
    pub(crate) fn new(wire: Wire) -> Arc<Self> {
        Arc::new(Self { wire, state: Mutex::default() })
    }

    pub(crate) async fn login(&self, username: &str, password: &str) -> Result<User, Error> {
        let request = LoginRequest { username: username.to_owned(), password: password.to_owned() };
        let answer = self.wire.unary(&request, None).await?;
        let user = answer.user.unwrap_or_default();
        self.take_in_place_of(None, answer.tokens, user.clone())?;
        Ok(user)
    }

    /// Ends the login, here in any case.
    pub(crate) async fn logout(&self) -> Result<(), Error> {
        let refresh = self.state().refresh.clone();
        self.end(&refresh);
        if !refresh.is_empty() {
            self.wire.unary(&LogoutRequest { refresh_token: refresh }, None).await?;
        }
        Ok(())
    }

    /// The accounts of the user, as the login or its last refresh named them.
    pub(crate) fn accounts(&self) -> Vec<String> {
        self.state().user.as_ref().map(|user| user.accounts.clone()).unwrap_or_default()
    }

    /// An access token that is valid for a call now, refreshed before it ends.
    pub(crate) async fn token(self: &Arc<Self>) -> Result<String, Error> {
        let (access, times) = {
            let state = self.state();
            (state.access.clone(), state.times)
        };
        let now = Instant::now();
        match times {
            Some(times) if now < times.renew_at => Ok(access),
            Some(times) if now < times.expire_at => {
                match timeout(REFRESH_PATIENCE, self.renew(&access)).await {
                    Ok(Ok(renewed)) => Ok(renewed),
                    Ok(Err(Error::NotLoggedIn)) => Err(Error::NotLoggedIn),
                    // The mesh does not answer now; the old one holds for a while.
                    _ => Ok(access),
                }
            }
            _ => self.renew(&access).await,
        }
    }

    /// Replaces an access token that is about to end or that the mesh refused, once for however
    /// many ask. The exchange goes on when the one who asked first gives up: its answer must not be
    /// lost.
    pub(crate) async fn renew(self: &Arc<Self>, refused: &str) -> Result<String, Error> {
        let mut exchanged = {
            let mut state = self.state();
            if !state.access.is_empty() && state.access != refused {
                return Ok(state.access.clone());
            }
            match &state.underway {
                // One whose task is gone will never end.
                Some(running) if running.has_changed().is_ok() => running.clone(),
                _ if state.refresh.is_empty() => return Err(Error::NotLoggedIn),
                _ => {
                    let (done, running) = watch::channel(None);
                    state.underway = Some(running.clone());
                    tokio::spawn(Arc::clone(self).run(done));
                    running
                }
            }
        };
        let done = exchanged.wait_for(Option::is_some).await.map(|result| result.clone());
        done.ok()
            .flatten()
            .unwrap_or_else(|| Err(Error::silent("the refresh of the login did not end")))
    }

    async fn run(self: Arc<Self>, done: watch::Sender<Exchanged>) {
        let result = self.exchange().await;
        self.state().underway = None;
        done.send_replace(Some(result));
    }

    async fn exchange(&self) -> Result<String, Error> {
        let used = self.state().refresh.clone();
        let request = RefreshRequest { refresh_token: used.clone() };
        match self.wire.unary(&request, None).await {
            Ok(answer) => {
                self.take_in_place_of(Some(&used), answer.tokens, answer.user.unwrap_or_default())?;
                tracing::debug!("the login was refreshed");
                Ok(self.state().access.clone())
            }
            Err(error) if error.is_unauthenticated() => {
                self.end(&used);
                let access = self.state().access.clone();
                if !access.is_empty() {
                    return Ok(access); // of another login, which came in between
                }
                tracing::warn!("the login has ended");
                Err(Error::NotLoggedIn)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps new tokens. Those of a refresh replace the refresh token that it used, and nothing
    /// else: a logout or another login may have come in between.
    fn take_in_place_of(
        &self,
        used: Option<&str>,
        tokens: Option<TokenPair>,
        user: User,
    ) -> Result<(), Error> {
        let tokens =
            tokens.filter(|pair| !pair.access_token.is_empty() && !pair.refresh_token.is_empty());
        let Some(tokens) = tokens else {
            return Err(Error::Unreachable {
                code: Code::DataLoss,
                text: "the answer has no tokens".to_owned(),
            });
        };
        let times = Times::of(life_of(&tokens));
        let mut state = self.state();
        if used.is_some_and(|used| used != state.refresh) {
            return if state.refresh.is_empty() { Err(Error::NotLoggedIn) } else { Ok(()) };
        }
        state.user = Some(user);
        state.access = tokens.access_token;
        state.refresh = tokens.refresh_token;
        state.times = Some(times);
        Ok(())
    }

    /// Forgets the login that has this refresh token.
    fn end(&self, refresh: &str) {
        let mut state = self.state();
        if state.refresh == refresh {
            let underway = state.underway.take();
            *state = State { underway, ..State::default() };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call with the token of the login; one that is refused as unauthenticated is made once
    /// more, with a new token. The second value says whether the last attempt was sent at all.
    pub(crate) async fn authorized<R: UnaryRpc>(
        self: &Arc<Self>,
        request: &R,
    ) -> Result<R::Answer, (Error, bool)> {
        let unsent = |error| (error, false);
        let token = self.token().await.map_err(unsent)?;
        match self.wire.unary(request, Some(&token)).await {
            Err(error) if error.is_unauthenticated() => {
                let token = self.renew(&token).await.map_err(unsent)?;
                self.wire.unary(request, Some(&token)).await.map_err(|error| (error, true))
            }
            result => result.map_err(|error| (error, true)),
        }
    }
}

/// How long an access token holds from now on. The difference of its own two times needs no
/// agreement of clocks, the expiry as a time does.
fn life_of(tokens: &TokenPair) -> Duration {
    let by_claims = || {
        let payload = tokens.access_token.split('.').nth(1)?;
        let claims: serde_json::Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let (issued, expiry) = (claims["iat"].as_f64()?, claims["exp"].as_f64()?);
        (issued > 0.0 && expiry > issued)
            .then(|| Duration::try_from_secs_f64(expiry - issued).ok())?
    };
    let by_clock = || {
        SystemTime::try_from(tokens.access_expires_at?).ok()?.duration_since(SystemTime::now()).ok()
    };
    // A token of more than a day is as good as one of a day, and cannot overflow a time.
    by_claims().or_else(by_clock).unwrap_or_default().min(Duration::from_secs(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(claims: &str) -> TokenPair {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(claims);
        TokenPair { access_token: format!("e30.{payload}.c2ln"), ..TokenPair::default() }
    }

    #[test]
    fn the_life_of_a_token_is_its_own_whatever_the_clocks_say() {
        assert_eq!(life_of(&tokens(r#"{"iat": 1000, "exp": 1600}"#)), Duration::from_secs(600));
    }

    #[test]
    fn claims_that_make_no_sense_are_not_believed() {
        for claims in [
            r#"{"iat": 5, "exp": 4}"#,
            r#"{"iat": "a"}"#,
            "[]",
            "no json",
            r#"{"iat": -1, "exp": 1}"#,
        ] {
            assert_eq!(life_of(&tokens(claims)), Duration::ZERO, "{claims}");
        }
        assert!(life_of(&tokens(r#"{"iat": 1, "exp": 1e300}"#)) <= Duration::from_secs(86_400));
    }

    #[test]
    fn secrets_are_not_shown() {
        let pair = TokenPair { refresh_token: "hidden".to_owned(), ..tokens("{}") };
        assert_eq!(format!("{pair:?}"), "TokenPair { .. }");
        let login = LoginRequest { username: "alice".to_owned(), password: "hidden".to_owned() };
        assert!(!format!("{login:?}").contains("hidden"));
    }
}
