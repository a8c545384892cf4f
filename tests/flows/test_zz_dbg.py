import faulthandler
import os
import random
import time

from tests.flows.agreement.play import WEIGHTS
from tests.flows.test_agreement import *


def test_dbg(runtime):
    rnd = random.Random(int(os.environ.get("SEED", "1")))
    names = [n for n, w in WEIGHTS.items() for _ in range(w)]
    for g in range(int(os.environ.get("N", "3"))):
        sch = [(rnd.choice(names), rnd.randint(0, 40)) for _ in range(rnd.randint(6, 24))]
        t = time.time()
        faulthandler.dump_traceback_later(40, exit=True)
        try:
            r = game(runtime, sch)
        except BaseException:
            import traceback

            r = [traceback.format_exc()[-1500:]]
        print(g, round(time.time() - t, 2), len(sch), r, sch if r else "", flush=True)
    faulthandler.cancel_dump_traceback_later()
