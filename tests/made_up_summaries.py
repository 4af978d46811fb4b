"""Made-up summaries in which every claim on what is inside networks, and on random ones, holds."""

from typing import Any

SHAPES = ("2x2", "2x4", "4x2", "4x4")
MATCHED = {"2x2": "rnn_2x4", "2x4": "rnn_2x8", "4x2": "rnn_4x4", "4x4": "rnn_4x8"}
Found = dict[str, Any]


def plain(name: str, value: float, half: float = 0.004) -> Found:
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half}


def named(name: str, value: float, half: float = 0.004) -> Found:
    return {f"{name}_estimate": value, f"{name}_low": value - half, f"{name}_high": value + half}


def percent(name: str, value: float, half: float = 0.004) -> Found:
    return {name: 100 * value, "low": 100 * (value - half), "high": 100 * (value + half)}


def words(members: int, draws: int) -> Found:
    where: Found
    good = {
        "stop_norm": (0.9, 0.0),
        "stop_norm_above_least": (0.4, 0.0),
        "singular_ratio": (0.1, -0.2),
        "hidden_axis": (0.98, 0.1),
        "logits_axis": (0.99, 0.1),
        "hidden_separation": (0.5, 0.1),
        "logits_separation": (0.5, 0.1),
    }
    rows = []
    for cell in ("rnn", "gru"):
        where = {"data": "CountI", "cell": cell, "gate": "candidate", "group": "all"}
        for measure, (trained, change) in good.items():
            rows.append(where | {"measure": measure, "networks": members, "draws": draws})
            rows[-1] |= plain("trained", trained) | plain("change", change)
    return {"measures": rows}


def noise(members: int, draws: int) -> Found:
    where: Found
    survival = []
    for cell in ("rnn", "gru"):
        for until, median in (("first_wrong", 3.0), ("forgets", 16.0), ("meeting", 28.0)):
            where = {"data": "CountI", "above": 0.98, "cell": cell, "stop_words": "random", "until": until}
            survival.append(where | {"networks": members, "draws": draws} | plain("median", median, 2))
            survival[-1] |= plain("after_2000", 0.8 if cell == "gru" else 0.1)
    noisy = []
    for cell, distance, flipped in (("rnn", 0.6, 0.032), ("gru", 0.2, 0.002), ("rnn - gru", 0.4, 0.03)):
        noisy.append({"data": "CountI", "above": 0.98, "cell": cell, "stop_words": 6, "networks": members})
        noisy[-1] |= plain("distance_over_apart", distance) | plain("flipped", flipped) | plain("spoiled", flipped / 2)
    networks = {f"{cell}_4x2": {"found_by_draw": [members // 10] * draws} for cell in ("rnn", "gru")}
    return {"survival": survival, "noise": noisy, "networks": {"CountI": networks}}


def field(members: int, draws: int) -> Found:
    where: Found
    counted = {"networks": members, "draws": draws}
    shares, contrasts, correlations = [], [], []
    for data, values in (
        ("CountII", {"moves": 0.98, "stop_keeps": 0.98}),
        ("FirstII", {"stop_keeps_far": 0.98, "sentiment_keeps_far": 0.98, "crosses_near": 0.7}),
    ):
        where = {"data": data, "cell": "gru"}
        for measure, value in values.items():
            shares.append(where | {"stage": "final", "group": "above 90 %", "measure": measure} | counted)
            shares[-1] |= percent("mean", value)
            contrasts.append(where | {"what": "above 90 % - below 70 %", "measure": measure} | counted)
            contrasts[-1] |= {"others": members} | percent("difference", 0.1)
        for cell in ("rnn", "gru"):
            for words in ("all", "stop", "positive", "negative"):
                where = {"data": data, "cell": cell, "words": words, "networks": "all", "number": members}
                correlations.append(where | named("pearson", -0.3) | named("spearman", -0.2) | named("within", -0.2))
    conditions = {f"{d}/{c}_2x2": {"num_draws": draws} for d in ("CountII", "FirstII") for c in ("rnn", "gru")}
    return {"shares": shares, "contrasts": contrasts, "correlations": correlations, "conditions": conditions}


def path(members: int, draws: int) -> Found:
    where: Found
    compared, cosine, networks = [], [], []
    for trained, shapes in (("FirstI", ("2x4", "4x8")), ("FirstI/unstopped_0.001", ("2x4",))):
        for shape in shapes:
            where = {"trained": trained, "shape": shape, "way": "whole", "draws": draws}
            where |= {"gru_networks": members, "rnn_networks": members}
            for measure, value in (("roughness", -0.1), ("mean", 0.1)):
                ends = {"estimate": value, "low": value - 0.004, "high": value + 0.004}
                compared.append(where | {"measure": measure} | ends)
            for cell in ("rnn", "gru"):
                where = {"trained": trained, "architecture": f"{cell}_{shape}"}
                networks.append(where | {"networks": members, "draws": draws})
                cosine.append(where | {"way": "whole", "networks": members} | named("early_slope", 0.1))
    return {"gru_minus_rnn": compared, "cosine": cosine, "networks": networks}


def perturbed(members: int, draws: int) -> Found:
    where: Found
    recovery, distances, beside, networks = [], [], [], []
    for trained in ("FirstI", "FirstI/unstopped_0.001"):
        for cell in ("rnn", "gru"):
            where = {"trained": trained, "architecture": f"{cell}_2x4"}
            networks.append(where | {"networks": members, "draws": draws})
            for factor in (0.0, 0.1, 0.2, 0.5, 1.0):
                back = 0.95 if cell == "gru" or factor < 0.5 else 0.7
                recovery.append(where | {"factor": factor} | named("accuracy_after_30", 100 * back, 0.4))
                each = ({"factor": factor, "distance": d} for d in ("distance", "seen_distance", "aligned_distance"))
                distances += [where | distance | named("end_to_start", 1.1) for distance in each]
        for factor in (0.0, 0.1, 0.2, 0.5, 1.0):
            where = {"trained": trained, "shape": "2x4", "factor": factor, "draws": draws}
            where |= {"rnn_networks": members, "gru_networks": members}
            beside.append(where | named("rnn_to_gru_loss_after_0", 1.1))
    return {"recovery": recovery, "distances": distances, "rnn_beside_gru": beside, "networks": networks}


def trained(members: int, draws: int) -> Found:
    def accuracy(share: float) -> Found:
        good = round(share * members / draws)
        return {"accuracy": [[0.95] * good + [0.5] * (members // draws - good)] * draws}

    conditions: Found = {}
    for shape in SHAPES:
        conditions |= {f"FirstI/rnn_{shape}": accuracy(0.3), f"FirstI/gru_{shape}": accuracy(0.9)}
        conditions[f"FirstI/matched_gru_{shape}/{MATCHED[shape]}"] = accuracy(0.4)
    return {"conditions": conditions}


def landscape(draw: int) -> Found:
    where: Found
    above = {0.55: 1000, 0.6: 300}
    tails, boxes = [], {}
    for shape in SHAPES:
        for percents in range(55, 100, 5):
            number = above.get(percents / 100, 0)
            where = {"sampler": "pytorch:1", "shape": shape, "accuracy_above": percents / 100}
            where |= {"rnn_settings": 100_000, "gru_settings": 100_000}
            tails.append(where | {"rnn_above": number, "gru_above": number + draw % 3 * (number > 0)})
        for cell in ("rnn", "gru"):
            wider = 0.001 * draw + (0.04 if cell == "gru" and shape != "2x4" else 0)
            box = {"quartiles": [0.499, 0.5, 0.501 + 1e-4 * draw * (cell == "gru")], "num_settings": 100_000}
            boxes[f"{cell}_{shape}"] = box | {"lowest": 0.4, "best": 0.6 + wider * (cell == "gru")}
    return {"tails": tails, "samplers": {"pytorch:1": boxes}}


def summaries(members: int = 1000, draws: int = 10) -> Found:
    """In these every claim holds."""
    found = {"word_projection": words, "noise_robustness": noise, "vector_field": field}
    found |= {"update_cosine": path, "perturbation": perturbed, "capacity": trained}
    made = {step: of(members, draws) for step, of in found.items()}
    return made | {"landscape" if not draw else f"landscape_{draw}": landscape(draw) for draw in range(draws)}
