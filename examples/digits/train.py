"""Trains the digit classifier of this folder and writes digits.safetensors and test-digits.json.

    pip install torch scikit-learn safetensors
    python train.py

The data are 1,797 real handwritten digits of 8×8 pixels with 17 grey levels (E. Alpaydin and C. Kaynak, "Optical Recognition of
Handwritten Digits", UCI Machine Learning Repository), which scikit-learn ships. The last 360, which other people wrote, are for testing.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch import nn

HERE = Path(__file__).parent
TRAINING = 1437
KEPT_FOR_THE_EXAMPLE = 100


class DigitNet(nn.Module):
    """The same network as DigitNet in model.ts."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(32)
        self.fc = nn.Linear(32 * 4 * 4, 10)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.max_pool2d(torch.relu(self.bn2(self.conv2(x))), 2)
        x = torch.relu(self.bn3(self.conv3(x)) + x)
        return self.fc(x.flatten(1))


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target)
    train_x, train_y = images[:TRAINING], labels[:TRAINING]
    test_x, test_y = images[TRAINING:], labels[TRAINING:]

    model = DigitNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    epochs, batch = 40, 64
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for picked in torch.randperm(TRAINING).split(batch):
            # Shifted by up to one pixel, so that the network does not learn places by heart.
            dy, dx = torch.randint(-1, 2, (2,)).tolist()
            x = torch.roll(train_x[picked], (dy, dx), (2, 3))
            loss = nn.functional.cross_entropy(model(x), train_y[picked], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()

    model.eval()
    with torch.no_grad():
        scores = model(test_x)
        right = (scores.argmax(1) == test_y).sum().item()
        print(f"{right} of {len(test_y)} test digits are recognised ({right / len(test_y):.1%})")
        # From everywhere in the test data, so that hard digits are among them.
        kept = [i * len(test_y) // KEPT_FOR_THE_EXAMPLE for i in range(KEPT_FOR_THE_EXAMPLE)]
        kept_right = (scores[kept].argmax(1) == test_y[kept]).sum().item()
        print(f"{kept_right} of the {KEPT_FOR_THE_EXAMPLE} that are kept for the example")

    save_file(model.state_dict(), HERE / "digits.safetensors")
    rows = [
        {
            "label": int(test_y[i]),
            # One hexadecimal-like letter per pixel, 0 to 9 and a to g for the 17 levels.
            "pixels": "".join("0123456789abcdefg"[int(v)] for v in digits.images[TRAINING + i].flatten()),
        }
        for i in kept
    ]
    body = ",\n".join("    " + json.dumps(row) for row in rows)
    scores_of_first = [round(v, 5) for v in scores[0].tolist()]
    (HERE / "test-digits.json").write_text(
        f'{{\n  "right": {kept_right},\n  "scores": {json.dumps(scores_of_first)},\n  "digits": [\n{body}\n  ]\n}}\n'
    )


main()
