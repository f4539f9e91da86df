"""PyTorch's side of `npm run bench -- first-epoch`: one epoch over a folder of class folders by a DataLoader with two workers.

Four fifths of the images train, the others are evaluated, as train-student does; the same crops, flips, network and optimizer.
"""

import sys

import torch
import torchvision
from torchvision import transforms

folder, size, stored, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(2)
torch.manual_seed(0)
tensor = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.25] * 3)]
training = transforms.Compose([transforms.Resize((stored, stored)), transforms.RandomCrop(size), transforms.RandomHorizontalFlip(), *tensor])
middle = transforms.Compose([transforms.Resize((stored, stored)), transforms.CenterCrop(size), *tensor])
shown, kept = (torchvision.datasets.ImageFolder(folder, transform=transform) for transform in (training, middle))
order = torch.randperm(len(shown)).tolist()
fold = len(order) // 5
load = lambda data, indices: torch.utils.data.DataLoader(torch.utils.data.Subset(data, indices), batch_size=batch, num_workers=2)
model = torchvision.models.mobilenet_v3_small(num_classes=len(shown.classes)).to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
model.train()
for images, labels in load(shown, order[fold:]):
    optimizer.zero_grad(set_to_none=True)
    loss = torch.nn.functional.cross_entropy(model(images.to(memory_format=torch.channels_last)), labels)
    loss.backward()
    optimizer.step()
model.eval()
with torch.no_grad():
    right = sum((model(images.to(memory_format=torch.channels_last)).argmax(1) == labels).sum().item() for images, labels in load(kept, order[:fold]))
print(right / fold)
