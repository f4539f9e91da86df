import torch
from ending import kill_at
from stillroom import outputs, params
from stillroom.huggingface import StillroomCallback
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments, set_seed

set_seed(1)
rows = [{"input_ids": torch.randint(0, 20, (6,)), "labels": index % 2} for index in range(32)]


class Killing(TrainerCallback):
    def on_train_begin(self, args, state, control, **_):
        self.start = round(state.epoch or 0)

    def on_epoch_begin(self, args, state, control, **_):
        kill_at(self.start, round(state.epoch or 0))


callback = StillroomCallback()
print("resumed" if callback.resume else "begun")
config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
arguments = TrainingArguments(
    "trained", num_train_epochs=params.epochs, learning_rate=params.rate, save_strategy="epoch", logging_strategy="epoch", report_to=[], use_cpu=True
)
trainer = Trainer(BertForSequenceClassification(config), arguments, train_dataset=rows, callbacks=[callback, Killing()])
trainer.train(resume_from_checkpoint=callback.resume)
outputs.model.write_text(str(trainer.state.global_step))
