"""Every error khala raises on purpose, in one tree; the type says whose fault it is.

KhalaError
├── ToolFailed              a tool could not do what was asked: the model reads the message, the run goes on
├── CallerError             whoever uses khala asked for something impossible
│   ├── InvalidTask         an empty or oversized question
│   ├── InvalidTool         a function that cannot become a tool, or two tools of one name
│   ├── InvalidBudget       a limit that makes no sense, or more carved out than is left
│   ├── PolicyInvalid       a policy file that cannot be trusted as written
│   ├── CorpusUnreadable    documents that are missing, unreadable or not text
│   ├── ImportRefused       a file to import that is missing, too large, or no log khala knows
│   ├── RunUnknown          no run of that id in this home
│   ├── QuestionUnknown     no open question of that id in this home
│   └── MissingExtra        an optional library is not installed (also an ImportError)
├── ModelError              the model endpoint's fault
│   ├── ModelUnavailable    no usable reply after all retries
│   ├── ModelRejected       the endpoint refused the request for good (key, model name, bad request)
│   └── ContextTooLong      the endpoint says the prompt does not fit: the loop shrinks it
├── HomeError               the folder that holds runs and memory
│   ├── HomeUnusable        missing rights, no space, or not a khala home
│   ├── HomeTooNew          written by a newer khala
│   ├── RunBusy             another process drives this run
│   └── LogDamaged          the ledger does not verify
├── MemoryUnusable          the index cannot be used as it is (damaged, or made by another embedder)
├── CallDenied              the guard refused a call of a protected function; it did not run
└── PermitRefused           someone tried to run a tool without a valid, unused permit

Messages are lower case, carry the user's words in backticks and name the next step.
"""

from __future__ import annotations

__all__ = [
    "CallDenied",
    "CallerError",
    "ContextTooLong",
    "CorpusUnreadable",
    "HomeError",
    "HomeTooNew",
    "HomeUnusable",
    "ImportRefused",
    "InvalidBudget",
    "InvalidTask",
    "InvalidTool",
    "KhalaError",
    "LogDamaged",
    "MemoryUnusable",
    "MissingExtra",
    "ModelError",
    "ModelRejected",
    "ModelUnavailable",
    "PermitRefused",
    "PolicyInvalid",
    "QuestionUnknown",
    "RunBusy",
    "RunUnknown",
    "ToolFailed",
]


class KhalaError(Exception):
    """Root of every error khala raises on purpose."""


class ToolFailed(KhalaError):
    """A tool could not do what was asked; the message goes to the model as the result of the call."""


class CallerError(KhalaError):
    """Whoever uses khala asked for something impossible."""


class InvalidTask(CallerError):
    """The question is empty or too long to be one."""


class InvalidTool(CallerError):
    """A function cannot become a tool, or two tools carry one name."""


class InvalidBudget(CallerError):
    """A limit makes no sense, or a child was to get more than its parent has left."""


class PolicyInvalid(CallerError):
    """A policy file cannot be trusted as written; nothing of it is used."""


class CorpusUnreadable(CallerError):
    """Documents are missing, unreadable or not text."""


class ImportRefused(CallerError):
    """A file to import is missing, too large, or no log khala knows; nothing of it is kept."""


class RunUnknown(CallerError):
    """No run of that id is in this home."""


class QuestionUnknown(CallerError):
    """No question of that id is open in this home: never asked, expired, or answered already."""


class MissingExtra(CallerError, ImportError):
    """An optional library is not installed.

    `library` is the import name, `extra` the extra of khala that brings it.
    """

    def __init__(self, library: str, *, extra: str) -> None:
        super().__init__(f"`{library}` is not installed: pip install 'khala[{extra}]'")
        self.library = library
        self.extra = extra


class ModelError(KhalaError):
    """The model endpoint's fault."""


class ModelUnavailable(ModelError):
    """No usable reply came after all retries; the run stays resumable."""


class ModelRejected(ModelError):
    """The endpoint refused the request for good; sending it again cannot help."""


class ContextTooLong(ModelError):
    """The endpoint says the prompt does not fit; the loop answers by shrinking the context."""


class HomeError(KhalaError):
    """The folder that holds runs, texts and memory."""


class HomeUnusable(HomeError):
    """The home lacks rights or space, or is not a khala home."""


class HomeTooNew(HomeError):
    """The home was written by a newer khala."""


class RunBusy(HomeError):
    """Another process drives this run right now."""


class LogDamaged(HomeError):
    """The ledger does not verify; the message names the first bad event."""


class MemoryUnusable(KhalaError):
    """The index cannot be used as it is; the message names the command that rebuilds it."""


class CallDenied(KhalaError):
    """The guard refused a call of a protected function; the function did not run.

    `rules` are the ids of the rules that made it so, `call_id` the call in the ledger.
    """

    def __init__(self, message: str, *, rules: tuple[str, ...], call_id: str) -> None:
        super().__init__(message)
        self.rules = rules
        self.call_id = call_id


class PermitRefused(KhalaError):
    """A tool was to run without a valid, unused permit for exactly this call."""
