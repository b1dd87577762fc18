#include "studio.hh"

#include <gazebo/rendering/rendering.hh>

#include <chrono>
#include <stdexcept>

namespace jepa_mpc
{
namespace
{
constexpr std::chrono::seconds kTimeout{20};
}

Studio::Studio(std::string cameraName) : cameraName_(std::move(cameraName))
{
  this->rendering_ = gazebo::event::Events::ConnectRender([this] { this->onRender(); });
}

Image Studio::render(const LinkPoses &shown, const LinkPoses &actual)
{
  std::unique_lock<std::mutex> lock(this->mutex_);
  this->taken_.reset();
  this->job_ = Job{shown, actual};
  if (!this->changed_.wait_for(lock, kTimeout, [this] { return this->taken_.has_value(); }))
  {
    this->job_.reset();
    throw std::runtime_error("camera '" + this->cameraName_ + "': found no image; does the model have this camera, and is there a display?");
  }
  return std::move(*this->taken_);
}

void Studio::stream(OnFrame onFrame)
{
  const std::lock_guard<std::mutex> lock(this->mutex_);
  this->onFrame_ = std::move(onFrame);
}

void Studio::onRender()
{
  const std::lock_guard<std::mutex> lock(this->mutex_);
  if (!this->sensor_)
  {
    this->sensor_ = std::dynamic_pointer_cast<gazebo::sensors::CameraSensor>(
        gazebo::sensors::SensorManager::Instance()->GetSensor(this->cameraName_));
    // The camera exists before it can render.
    if (!this->sensor_ || !this->sensor_->Camera() || !this->sensor_->Camera()->Initialized())
    {
      this->sensor_.reset();
      return;
    }
  }
  if (this->onFrame_ && !this->frames_)
  {
    this->sensor_->SetActive(true);
    this->frames_ = this->sensor_->Camera()->ConnectNewImageFrame(
        [this](const unsigned char *, unsigned int, unsigned int, unsigned int, const std::string &) {
          if (!this->isPosing_)
            this->onFrame_(this->sensor_->LastMeasurementTime(), this->take());
        });
  }
  if (!this->job_)
    return;
  this->isPosing_ = true;
  this->show(this->job_->shown);
  this->sensor_->Camera()->Render(true);
  this->sensor_->Camera()->PostRender();
  this->taken_ = this->take();
  this->show(this->job_->actual);
  this->isPosing_ = false;
  this->job_.reset();
  this->changed_.notify_all();
}

void Studio::show(const LinkPoses &poses)
{
  const auto scene = this->sensor_->Camera()->GetScene();
  for (const auto &[name, pose] : poses)
    if (const auto visual = scene->GetVisual(name))
      visual->SetWorldPose(pose);
}

Image Studio::take()
{
  const auto camera = this->sensor_->Camera();
  const auto *data = camera->ImageData(0);
  const auto width = camera->ImageWidth(), height = camera->ImageHeight();
  return {width, height, std::vector<std::uint8_t>(data, data + std::size_t{3} * width * height)};
}
}  // namespace jepa_mpc
