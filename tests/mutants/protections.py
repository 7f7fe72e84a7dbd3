"""All protections that `make mutants` takes out."""

from __future__ import annotations

from tests.mutants.bounding import BOUNDING
from tests.mutants.commanding import COMMANDING
from tests.mutants.damage import DAMAGE
from tests.mutants.entering import ENTERING
from tests.mutants.firing import FIRING
from tests.mutants.guarding import GUARDING
from tests.mutants.handing_off import HANDING_OFF
from tests.mutants.keeping import KEEPING
from tests.mutants.lasting import LASTING
from tests.mutants.outages import OUTAGES
from tests.mutants.reading import READING
from tests.mutants.sending import SENDING
from tests.mutants.signing_in import SIGNING_IN
from tests.mutants.targets import TARGETS
from tests.mutants.trying import TRYING

PROTECTIONS = (
    *HANDING_OFF,
    *FIRING,
    *TARGETS,
    *OUTAGES,
    *LASTING,
    *DAMAGE,
    *READING,
    *SENDING,
    *KEEPING,
    *ENTERING,
    *BOUNDING,
    *GUARDING,
    *COMMANDING,
    *SIGNING_IN,
    *TRYING,
)
